// SPDX-License-Identifier: MIT
// The halves of make_clip_batch (dsp/clip_batch.h), behind its checks.
#pragma once

#include <memory>

#include "dsp/clip_batch.h"

namespace kickdrum::cpu {
std::unique_ptr<ClipBatch> make_clip_batch(Context& context, const ClipBatchSpec& spec);
}
namespace kickdrum::cuda {
std::unique_ptr<ClipBatch> make_clip_batch(Context& context, const ClipBatchSpec& spec);
}
