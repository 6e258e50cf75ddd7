// SPDX-License-Identifier: MIT
#include "tests/cuda_plans/conv_cases.h"

#include <cstdlib>
#include <filesystem>
#include <set>

#include "experiments/config/read_experiment.h"
#include "experiments/ensembles/ensemble_file.h"
#include "nn/model/model_spec.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;

void add_model(const std::string& origin, const ModelSpec& model, const Shape& input, int classes,
               std::int64_t batch, std::vector<ConvCase>& cases) {
    for (const LayerRow& row : describe_model(model, input, classes)) {
        if (!row.convolution) continue;
        const bool first = row.src == input;
        cases.push_back({fmt::format("{}, {}x{}, batch {}, {}", origin, input[1], input[2], batch, row.name),
                         row.src.with_rows(batch), *row.convolution, first});
    }
}

}  // namespace

std::vector<ConvCase> convolutions_of_shipped_configs() {
    // Its files aren't opened.
    setenv("KICKDRUM_REFERENCE_DATA", "/nowhere", 1);
    std::vector<ConvCase> cases;
    for (const auto& entry : fs::directory_iterator(fs::path(KICKDRUM_SOURCE_DIR) / "experiments/configs")) {
        if (!entry.is_regular_file() || is_ensemble_file(entry.path())) continue;  // members are configs too
        const ExperimentConfig config = read_experiment(entry.path());
        if (config.model.empty()) continue;  // baselines alone
        const std::set<std::pair<int, int>> sizes = {
            {config.features.height, config.features.width}, {128, 128}, {256, 256}, {300, 300}};
        // Trainings' batches, and one clip: what remains when it's predicted one by one.
        const std::set<int> batches = {config.training.batch_size, 64, 32, 16, 1};
        for (const auto& [height, width] : sizes) {
            for (const int batch : batches) {
                add_model(entry.path().filename().string(), config.model, {1, height, width, 1},
                          static_cast<int>(config.data.classes.size()), batch, cases);
            }
        }
    }
    return cases;
}

std::vector<ConvCase> unusual_convolutions() {
    const auto same = Padding::same;
    return {
        {"residual, stride 2 on even extents",
         {64, 64, 64, 32},
         {.channels_out = 64, .stride = {2, 2}, .padding = same}},
        {"residual, stride 2 on odd extents",
         {64, 37, 75, 32},
         {.channels_out = 64, .stride = {2, 2}, .padding = same}},
        {"shortcut",
         {64, 64, 64, 32},
         {.channels_out = 64, .kernel = {1, 1}, .stride = {2, 2}, .padding = same}},
        {"bottleneck", {64, 32, 32, 256}, {.channels_out = 64, .kernel = {1, 1}}},
        {"stem",
         {64, 128, 128, 1},
         {.channels_out = 64, .kernel = {7, 7}, .stride = {2, 2}, .padding = same}},
        {"kernel 2x2, padding on one side",
         {64, 64, 64, 32},
         {.channels_out = 64, .kernel = {2, 2}, .padding = same}},
        {"kernel 4x4, padding 1 and 2",
         {32, 30, 34, 16},
         {.channels_out = 24, .kernel = {4, 4}, .padding = same}},
        {"kernel 5x5, stride 3",
         {32, 64, 61, 16},
         {.channels_out = 24, .kernel = {5, 5}, .stride = {3, 3}, .padding = same}},
        {"along time only", {64, 128, 128, 1}, {.channels_out = 32, .kernel = {1, 9}, .padding = same}},
        {"along frequency only",
         {64, 128, 128, 32},
         {.channels_out = 32, .kernel = {9, 1}, .stride = {2, 1}, .padding = same}},
        {"dilated", {64, 64, 64, 32}, {.channels_out = 64, .dilation = {2, 2}, .padding = same}},
        {"dilated, padding 1 and 2",
         {16, 33, 32, 32},
         {.channels_out = 64, .kernel = {2, 2}, .dilation = {3, 3}, .padding = same}},
        {"odd channels", {64, 32, 32, 31}, {.channels_out = 63, .padding = same}},
        {"odd channels, padding on one side",
         {64, 32, 32, 31},
         {.channels_out = 63, .stride = {2, 2}, .padding = same}},
        {"three channels to one", {5, 17, 19, 3}, {.channels_out = 1}},
        {"whole picture", {64, 8, 8, 128}, {.channels_out = 256, .kernel = {8, 8}}},
        {"one pixel", {1, 3, 3, 1}, {.channels_out = 1}},
        {"rows left over", {16, 65, 66, 8}, {.channels_out = 16, .kernel = {2, 2}, .stride = {2, 3}}},
    };
}

}  // namespace kickdrum
