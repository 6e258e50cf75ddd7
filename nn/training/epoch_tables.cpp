// SPDX-License-Identifier: MIT
#include "nn/training/epoch_tables.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace kickdrum {
namespace {

std::size_t aligned(std::size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

std::size_t words(std::int64_t count) {
    return aligned(static_cast<std::size_t>(count) * 4);
}

}  // namespace

EpochTables::EpochTables(Context& context, const Dataset& dataset, const TrainingSpec& spec)
    : context_(context) {
    const std::int64_t clips = dataset.inputs.rows();
    require(std::ssize(dataset.labels) == clips, "{} clips, but {} labels", clips, dataset.labels.size());
    require(spec.batch_size > 0, "a batch can't have {} clips", spec.batch_size);
    const std::int64_t batches = (clips + spec.batch_size - 1) / spec.batch_size;
    rows_offset_ = aligned(sizeof(StepState));
    rates_offset_ = rows_offset_ + words(batches);
    beta_1_offset_ = rates_offset_ + words(batches);
    clips_offset_ = beta_1_offset_ + words(batches);
    memory_ = Buffer(context, clips_offset_ + words(batches * spec.batch_size));
    staging_ = HostBuffer(context, memory_.bytes());
    rows_ = memory_.tensor({batches}, DType::i32, rows_offset_);
    learning_rates_ = memory_.tensor({batches}, DType::f32, rates_offset_);
    beta_1_ = memory_.tensor({batches}, DType::f32, beta_1_offset_);
    clips_ = memory_.tensor({batches, spec.batch_size}, DType::i32, clips_offset_);

    // Sets are weighed class by class, not as a whole.
    const std::int64_t label_count = dataset.label_count();
    std::vector<float> weights = dataset.has_sets() ? std::vector<float>{} : spec.class_weights;
    if (weights.empty()) weights.assign(static_cast<std::size_t>(label_count), 1.0F);
    require(std::ssize(weights) == label_count, "{} class weights for {} classes", weights.size(),
            dataset.classes);
    constants_ = Buffer(context, words(clips) + 2 * words(label_count));
    dataset_labels_ = constants_.tensor({clips}, DType::i32);
    class_weights_ = constants_.tensor({label_count}, DType::f32, words(clips));
    ones_ = constants_.tensor({label_count}, DType::f32, words(clips) + words(label_count));
    kickdrum::upload(context, dataset.labels.data(), dataset_labels_);
    kickdrum::upload(context, weights.data(), class_weights_);
    std::fill(weights.begin(), weights.end(), 1.0F);
    kickdrum::upload(context, weights.data(), ones_);
    if (dataset.has_sets()) upload_sets(dataset, spec);
}

void EpochTables::upload_sets(const Dataset& dataset, const TrainingSpec& spec) {
    const std::int64_t sets = dataset.label_count();
    const std::int64_t classes = dataset.classes;
    require(std::ssize(dataset.label_sets) == sets * classes, "sets of {} classes in {} numbers", classes,
            dataset.label_sets.size());
    const std::vector<float> present(dataset.label_sets.begin(), dataset.label_sets.end());
    const std::vector<float> ones(static_cast<std::size_t>(2 * classes), 1.0F);
    const std::vector<float> weights = spec.class_weights.empty() ? ones : spec.class_weights;
    require(std::ssize(weights) == 2 * classes, "{} weights of absent and present classes for {} classes",
            weights.size(), classes);
    set_memory_ = Buffer(context_, words(sets * classes) + 2 * words(2 * classes));
    sets_ = set_memory_.tensor({sets, classes});
    set_weights_ = set_memory_.tensor({2, classes}, DType::f32, words(sets * classes));
    set_ones_ = set_memory_.tensor({2, classes}, DType::f32, words(sets * classes) + words(2 * classes));
    kickdrum::upload(context_, present.data(), sets_);
    kickdrum::upload(context_, weights.data(), set_weights_);
    kickdrum::upload(context_, ones.data(), set_ones_);
}

void EpochTables::upload(std::span<const std::int32_t> clips, std::span<const double> learning_rates,
                         std::uint64_t step, const EpochProgress& done, std::span<const double> beta_1) {
    const std::int64_t batches = (std::ssize(clips) + batch_size() - 1) / batch_size();
    require(batches <= largest_batches(), "{} clips in batches of {}: the dataset has only {}", clips.size(),
            batch_size(), dataset_labels_.count());
    require(learning_rates.empty() || std::ssize(learning_rates) == batches,
            "{} learning rates for {} batches", learning_rates.size(), batches);
    require(beta_1.empty() || std::ssize(beta_1) == batches, "{} values of beta_1 for {} batches",
            beta_1.size(), batches);
    batches_ = batches;
    require(done.batches >= 0 && done.batches <= batches, "{} batches are done of an epoch of {}",
            done.batches, batches);
    // The step is that of the first batch which isn't done.
    StepState state{.first_step = step - static_cast<std::uint64_t>(done.batches)};
    state.next_batch = static_cast<std::int32_t>(done.batches);
    state.loss_sum = done.loss_sum;
    state.correct = done.correct;
    std::memcpy(staging_.data(), &state, sizeof(state));
    auto* const rows = reinterpret_cast<std::int32_t*>(staging_.data() + rows_offset_);
    auto* const rates = reinterpret_cast<float*>(staging_.data() + rates_offset_);
    auto* const betas = reinterpret_cast<float*>(staging_.data() + beta_1_offset_);
    auto* const order = reinterpret_cast<std::int32_t*>(staging_.data() + clips_offset_);
    for (std::int64_t batch = 0; batch < batches; ++batch) {
        rows[batch] =
            static_cast<std::int32_t>(std::min(batch_size(), std::ssize(clips) - batch * batch_size()));
        rates[batch] =
            learning_rates.empty() ? 0 : static_cast<float>(learning_rates[static_cast<std::size_t>(batch)]);
        betas[batch] = beta_1.empty() ? 0 : static_cast<float>(beta_1[static_cast<std::size_t>(batch)]);
    }
    std::fill(std::copy(clips.begin(), clips.end(), order), order + batches * batch_size(), clips.front());
    const std::size_t bytes = clips_offset_ + words(batches * batch_size());
    upload_async(context_, staging_, 0, memory_.tensor({static_cast<std::int64_t>(bytes)}, DType::u8));
}

std::int64_t EpochTables::rows(std::int64_t batch) const {
    return reinterpret_cast<const std::int32_t*>(staging_.data() + rows_offset_)[batch];
}

StepState EpochTables::download_state() const {
    StepState state;
    download(context_, memory_.tensor({sizeof(StepState)}, DType::u8), &state);
    return state;
}

}  // namespace kickdrum
