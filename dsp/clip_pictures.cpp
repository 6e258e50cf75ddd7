// SPDX-License-Identifier: MIT
#include "dsp/clip_pictures.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/device/arena.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

std::size_t aligned(std::size_t bytes) {
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

std::size_t words(const Shape& shape) {
    return aligned(static_cast<std::size_t>(shape.count()) * sizeof(float));
}

// Somewhat more than the longest clip so far, so that a slightly longer one needs no new plan.
std::int64_t room_for(std::int64_t samples) {
    const auto longest = static_cast<std::uint64_t>(std::max<std::int64_t>(samples, 1024));
    const auto step = static_cast<std::int64_t>(std::bit_floor(longest) / 8);
    return (samples + step - 1) / step * step;
}

bool all_finite(const std::vector<float>& samples) {
    bool finite = true;
    for (const float x : samples) finite &= std::isfinite(x);  // no early end: vectors
    return finite;
}

}  // namespace

ClipPictures::Batch::Batch(Context& context, const ClipBatchSpec& spec)
    : plan(make_clip_batch(context, spec)) {
    const std::size_t lengths_offset = words(plan->samples_shape());
    const std::size_t images_offset = lengths_offset + words(plan->lengths_shape());
    memory = Buffer(context, images_offset + words(plan->images_shape()));
    scratch = Buffer(context, plan->scratch_bytes());
    host = HostBuffer(context, memory.bytes());
    samples = memory.tensor(plan->samples_shape());
    lengths = memory.tensor(plan->lengths_shape(), DType::i32, lengths_offset);
    images = memory.tensor(plan->images_shape(), DType::f32, images_offset);
}

ClipPictures::ClipPictures(Context& context, const ClipFeatureSettings& features)
    : context_(context), features_(features) {
    // The smallest plan of all: what it refuses, all refuse.
    make_clip_batch(context, {.features = features, .clips = 1, .max_samples = 0});
}

void ClipPictures::compute(std::span<const std::vector<float>> clips,
                           std::span<const std::span<float>> images) {
    require(clips.size() == images.size(), "clip_pictures: {} clips, but {} images", clips.size(),
            images.size());
    std::size_t longest = 0;
    for (const auto& clip : clips) longest = std::max(longest, clip.size());
    for (std::size_t done = 0; done < clips.size();) {
        make_room(static_cast<std::int64_t>(longest));
        const auto fit = static_cast<std::size_t>(batch_->plan->spec().clips);
        const std::size_t count = std::min(fit, clips.size() - done);
        compute_together(clips.subspan(done, count), images.subspan(done, count));
        done += count;
    }
}

void ClipPictures::make_room(std::int64_t longest) {
    if (batch_ && batch_->plan->spec().max_samples >= longest) return;
    batch_.reset();
    const std::int64_t samples = room_for(longest);
    std::int64_t most = std::clamp<std::int64_t>(kMostSamples / samples, 1, kMostClips);
    for (;; most /= 2) {
        try {
            batch_ = std::make_unique<Batch>(
                context_, ClipBatchSpec{.features = features_, .clips = most, .max_samples = samples});
            return;
        } catch (const OutOfDeviceMemory&) {
            if (most == 1) throw;
        }
    }
}

void ClipPictures::compute_together(std::span<const std::vector<float>> clips,
                                    std::span<const std::span<float>> images) {
    Batch& batch = *batch_;
    const auto count = static_cast<std::int64_t>(clips.size());
    const auto row = static_cast<std::size_t>(batch.plan->spec().max_samples);
    auto* const samples = reinterpret_cast<float*>(batch.host.data());
    const auto offset_of = [&](const Tensor& tensor) {
        return static_cast<std::size_t>(static_cast<std::byte*>(tensor.data) -
                                        static_cast<std::byte*>(batch.memory.data()));
    };
    auto* const lengths = reinterpret_cast<std::int32_t*>(batch.host.data() + offset_of(batch.lengths));
    // On the CPU a clip that isn't finite would end the whole call.
    std::vector<bool> finite;
    for (std::size_t i = 0; i < clips.size(); ++i) {
        finite.push_back(all_finite(clips[i]));
        lengths[i] = finite[i] ? static_cast<std::int32_t>(clips[i].size()) : 0;
        if (finite[i]) std::copy(clips[i].begin(), clips[i].end(), samples + i * row);
    }
    upload_async(context_, batch.host, 0, batch.samples.first_rows(count));
    upload_async(context_, batch.host, offset_of(batch.lengths), batch.lengths.first_rows(count));
    const Tensor pictures = batch.images.first_rows(count);
    const Tensor scratch =
        batch.scratch.tensor({static_cast<std::int64_t>(batch.scratch.bytes())}, DType::u8);
    batch.plan->execute(context_, batch.samples.first_rows(count), batch.lengths.first_rows(count), pictures,
                        scratch);
    const std::size_t first = offset_of(batch.images);
    download_async(context_, pictures, batch.host, first);
    synchronize(context_);
    const auto pixels = static_cast<std::size_t>(pictures.shape.row_count());
    const auto* const values = reinterpret_cast<const float*>(batch.host.data() + first);
    for (std::size_t i = 0; i < clips.size(); ++i) {
        require(images[i].size() == pixels, "clip_pictures: an image of {} values for a picture of {}",
                images[i].size(), pixels);
        std::copy_n(values + i * pixels, pixels, images[i].begin());
        if (!finite[i]) std::ranges::fill(images[i], std::numeric_limits<float>::quiet_NaN());
    }
}

}  // namespace kickdrum
