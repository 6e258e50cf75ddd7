// SPDX-License-Identifier: MIT
#include "experiments/runs/memory_text.h"

#include <fmt/format.h>

namespace kickdrum {

std::string mebibytes(std::int64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024.0 * 1024.0));
}

std::string out_of_memory_text(std::int64_t needed, std::int64_t free, int batch, int largest_batch) {
    const std::string remedy =
        largest_batch == 0
            ? std::string("not even batches of 1 fit: the network is too large for it")
            : fmt::format("batches of at most {0} fit: --set training.batch_size={0}", largest_batch);
    return fmt::format(
        "the GPU's memory is too small: a run with batches of {} needs {} ({} bytes), and {} ({} bytes) are "
        "free; {}. "
        "Fewer runs at a time ('parallel_runs') leave more to each; nvidia-smi shows what else uses the GPU",
        batch, mebibytes(needed), needed, mebibytes(free), free, remedy);
}

}  // namespace kickdrum
