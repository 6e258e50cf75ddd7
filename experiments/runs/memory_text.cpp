// SPDX-License-Identifier: MIT
#include "experiments/runs/memory_text.h"

#include <fmt/format.h>

namespace kickdrum {

std::string mebibytes(std::int64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024.0 * 1024.0));
}

std::string out_of_memory_text(std::int64_t needed, std::int64_t free, int batch, int largest_batch) {
    std::string remedy =
        fmt::format("batches of at most {0} fit: --set training.batch_size={0}", largest_batch);
    if (largest_batch == 0) remedy = "not even batches of 1 fit: the network is too large for it";
    if (largest_batch >= batch)
        remedy = "it lies in pieces, or something else had taken it: a smaller batch may fit";
    return fmt::format(
        "the GPU's memory is too small: a run with batches of {} needs {} ({} bytes), and {} ({} bytes) are "
        "free; {}. "
        "Fewer runs at a time ('parallel_runs') leave more to each; nvidia-smi shows what else uses the GPU",
        batch, mebibytes(needed), needed, mebibytes(free), free, remedy);
}

std::string clips_out_of_memory_text(std::int64_t clips, std::int64_t needed, std::int64_t free) {
    return fmt::format(
        "the GPU's memory is too small for the experiment's {} clips: {} ({} bytes) are needed, and {} ({} "
        "bytes) are "
        "free; smaller pictures (features.size) need less, and nvidia-smi shows what else uses the GPU",
        clips, mebibytes(needed), needed, mebibytes(free), free);
}

}  // namespace kickdrum
