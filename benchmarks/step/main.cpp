// SPDX-License-Identifier: MIT
// kickdrum_bench_step: our side of compare_pytorch.py and compare_keras.py. Trains the main network from
// given weights on given clips and prints times and losses as JSON.
//
// FOLDER holds setting.json {"labels": [...], "class_weights": [...], "height", "width"}, inputs.f32 (raw
// little-endian floats [n, height, width, 1]) and weights.safetensors. With --epochs, the last --val clips
// are validated on. With --by-epochs steps are asked for an epoch at a time, as training does: a step's time
// is then an epoch's over its number of batches.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <vector>

#include "benchmarks/support/main_model.h"
#include "kernels/device/transfer.h"
#include "nn/formats/safetensors.h"
#include "nn/training/fit.h"
#include "nn/training/trainer.h"

namespace kickdrum {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kSeed = 1;
constexpr double kLearningRate = 1e-3;

struct Options {
    fs::path folder;
    std::string device = "cpu";
    std::string math = "fp32";
    int threads = 0;
    int batch = 64;
    double dropout = 0.5;
    int warm_up = 3;
    int steps = 10;
    int epochs = 0;
    int val = 0;
    bool by_epochs = false;
    bool avx2 = false;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::string read_bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    require(file.good(), "can't read {}", path.string());
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

// The clips with their labels and weights.
struct Setting {
    Setting(Context& context, const fs::path& folder) {
        const json setting = json::parse(read_bytes(folder / "setting.json"));
        setting.at("labels").get_to(labels);
        setting.at("class_weights").get_to(class_weights);
        const Shape shape{static_cast<std::int64_t>(labels.size()), setting.at("height").get<std::int64_t>(),
                          setting.at("width").get<std::int64_t>(), 1};
        const std::string bytes = read_bytes(folder / "inputs.f32");
        memory = Buffer(context, bytes.size());
        inputs = memory.tensor(shape);
        require(bytes.size() == inputs.bytes(), "inputs.f32 has {} bytes, expected {}", bytes.size(),
                inputs.bytes());
        upload(context, bytes.data(), inputs);
    }
    Dataset dataset() const { return {inputs, labels, kMainModelClasses}; }

    std::vector<int> labels;
    std::vector<float> class_weights;
    Buffer memory;
    Tensor inputs;
};

// Steps over the clips in order, batch by batch, again and again.
void run_steps(Trainer& trainer, const Options& options, std::size_t clips, json& result) {
    const std::size_t batch = std::min(clips, static_cast<std::size_t>(options.batch));
    std::vector<std::int32_t> indices(batch);
    std::vector<double> times;
    std::vector<double> losses;
    for (int step = 0; step < options.warm_up + options.steps; ++step) {
        const std::size_t first = static_cast<std::size_t>(step) * batch % (clips / batch * batch);
        std::iota(indices.begin(), indices.end(), static_cast<std::int32_t>(first));
        const auto start = std::chrono::steady_clock::now();
        const StepResult step_result = trainer.train_step(indices, kLearningRate);
        const double time = milliseconds_since(start);
        if (step >= options.warm_up) times.push_back(time);
        losses.push_back(step_result.loss_sum / static_cast<double>(step_result.clips));
    }
    result["step_ms"] = times;
    result["losses"] = losses;
}

// Whole epochs of steps, each asked for at once; losses are those of epochs then.
void run_steps_by_epochs(Trainer& trainer, const Options& options, std::size_t clips, json& result) {
    const std::size_t batches = clips / static_cast<std::size_t>(options.batch);
    std::vector<std::int32_t> indices(batches * static_cast<std::size_t>(options.batch));
    std::iota(indices.begin(), indices.end(), 0);
    const std::vector<double> rates(batches, kLearningRate);
    std::vector<double> times;
    std::vector<double> losses;
    for (int epoch = 0; epoch < options.warm_up + options.steps; ++epoch) {
        const auto start = std::chrono::steady_clock::now();
        const StepResult sums = *trainer.train_epoch(indices, rates);
        const double time = milliseconds_since(start);
        if (epoch >= options.warm_up) times.push_back(time / static_cast<double>(batches));
        losses.push_back(sums.loss_sum / static_cast<double>(sums.clips));
    }
    result["step_ms"] = times;
    result["losses"] = losses;
}

void run_epochs(Trainer& trainer, const TrainingSpec& spec, const Dataset& dataset, const Options& options,
                json& result) {
    std::vector<std::int32_t> indices(dataset.labels.size());
    std::iota(indices.begin(), indices.end(), 0);
    const std::size_t train = indices.size() - static_cast<std::size_t>(options.val);
    std::vector<double> times;
    std::vector<double> losses;
    auto start = std::chrono::steady_clock::now();
    FitHooks hooks;
    hooks.on_epoch = [&](const EpochResult& epoch) {
        times.push_back(milliseconds_since(start));
        losses.push_back(epoch.loss);
        start = std::chrono::steady_clock::now();
    };
    const std::span<const std::int32_t> all(indices);
    fit(trainer, spec, dataset, all.first(train), all.subspan(train), kSeed, hooks);
    result["epoch_ms"] = times;
    result["losses"] = losses;
}

json run(const Options& options) {
    ContextOptions where{.threads = options.threads};
    if (options.device == "cuda") where.device = Device::cuda;
    where.math = options.math == "bf16" ? Math::bf16 : options.math == "tf32" ? Math::tf32 : Math::fp32;
    if (options.avx2) where.simd = SimdLevel::avx2;
    Context context(where);
    const Setting setting(context, options.folder);
    TrainingSpec spec;
    spec.batch_size = options.batch;
    spec.epochs = options.epochs;
    spec.class_weights = setting.class_weights;
    Trainer trainer(context, main_model(options.dropout), setting.dataset(), spec, kSeed);
    from_safetensors(read_bytes(options.folder / "weights.safetensors"), trainer.parameters());

    json result = {{"threads", context.threads()}, {"simd", to_string(context.simd())}};
    if (options.epochs > 0) {
        run_epochs(trainer, spec, setting.dataset(), options, result);
    } else if (options.by_epochs) {
        run_steps_by_epochs(trainer, options, setting.labels.size(), result);
    } else {
        run_steps(trainer, options, setting.labels.size(), result);
    }
    return result;
}

}  // namespace

}  // namespace kickdrum

int main(int argc, char** argv) {
    kickdrum::Options options;
    CLI::App app("Times training steps or epochs of the main network; prints JSON.");
    app.add_option("folder", options.folder, "setting.json, inputs.f32 and weights.safetensors")->required();
    app.add_option("--device", options.device)->check(CLI::IsMember({"cpu", "cuda"}));
    app.add_option("--math", options.math, "on a GPU")->check(CLI::IsMember({"fp32", "tf32", "bf16"}));
    app.add_flag("--by-epochs", options.by_epochs, "time steps by whole epochs over the clips");
    app.add_option("--threads", options.threads, "0: one per processor");
    app.add_option("--batch", options.batch)->check(CLI::PositiveNumber);
    app.add_option("--dropout", options.dropout)->check(CLI::Range(0.0, 1.0));
    app.add_option("--warm-up", options.warm_up, "steps before those that are timed")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--steps", options.steps)->check(CLI::PositiveNumber);
    app.add_option("--epochs", options.epochs, "time whole epochs instead of steps")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--val", options.val, "clips at the end that are for validation")
        ->check(CLI::NonNegativeNumber);
    app.add_flag("--avx2", options.avx2, "don't use AVX-512");
    CLI11_PARSE(app, argc, argv);
    try {
        std::cout << kickdrum::run(options).dump() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
