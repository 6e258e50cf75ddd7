// SPDX-License-Identifier: MIT
#include "kernels/cpu/winograd_conv.h"

#include <algorithm>

namespace kickdrum {
namespace {

// Tiles that go through all phases together. 12 to 36 are equal within noise while the planes stay in the L2
// cache.
int strip_tiles(int channels) {
    return channels <= 128 ? 24 : 12;
}
// Few channels: their tiles fit the L2 cache. More: the sums over tiles are what is large, and more tiles
// share a pass.
int weight_gradient_tiles(int channels) {
    return channels > 64 && channels <= 128 ? 48 : 24;
}
// Rows of a packed weight matrix that one task packs.
constexpr int kPackRows = 8;

int tiles_of(int extent) {
    return (extent + 3) / 4;
}

void pack(Context& context, const WinogradKernels& kernels, const float* weights, int in, int out,
          bool transposed, float* packed) {
    context.pool().parallel_for((in + kPackRows - 1) / kPackRows, [&](std::int64_t task, int) {
        const int first = static_cast<int>(task) * kPackRows;
        kernels.pack(weights, in, out, transposed, first, std::min(in, first + kPackRows), packed);
    });
}

// Runs `pass` over all tiles; `strip` holds everything but the tiles and the thread's scratch. A task is some
// strips in a row, so that each can fetch the next one's input; cutting differently changes no result.
void run_strips(Context& context, const WinogradKernels& kernels, void (*pass)(const WinogradStrip&, int),
                const WinogradStrip& strip, std::int64_t clips, float* scratch) {
    constexpr std::int64_t kTasksPerThread = 16;
    const int at_once = strip_tiles(strip.channels_in);
    const std::int64_t tiles = clips * strip.tiles_y * strip.tiles_x;
    const std::int64_t strips = (tiles + at_once - 1) / at_once;
    const std::int64_t per_task =
        std::clamp<std::int64_t>(strips / (kTasksPerThread * context.threads()), 1, 16) * at_once;
    const std::size_t per_thread = round_to_line(kernels.strip_floats(strip.channels_in, at_once));
    context.pool().parallel_for((tiles + per_task - 1) / per_task, [&](std::int64_t index, int thread) {
        WinogradStrip here = strip;
        here.first_tile = index * per_task;
        here.last_tile = std::min(tiles, here.first_tile + per_task);
        here.scratch = scratch + static_cast<std::size_t>(thread) * per_thread;
        pass(here, at_once);
    });
}

}  // namespace

int batch_chunks(std::int64_t clips) {
    return static_cast<int>(std::min<std::int64_t>(clips, 16));
}

void add_partials(Context& context, const float* partials, std::size_t partial_floats, int chunks,
                  std::int64_t rows, int cols, int padded, float* dst) {
    constexpr std::int64_t kFloatsPerTask = 8192;
    const std::int64_t rows_per_task = std::max<std::int64_t>(1, kFloatsPerTask / padded);
    context.pool().parallel_for((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task, int) {
        const std::int64_t end = std::min(rows, (task + 1) * rows_per_task);
        for (std::int64_t row = task * rows_per_task; row < end; ++row) {
            float* to = dst + row * cols;
            const float* from = partials + row * padded;
            std::copy(from, from + cols, to);
            for (int chunk = 1; chunk < chunks; ++chunk) {
                from += partial_floats;
                for (int col = 0; col < cols; ++col) to[col] += from[col];
            }
        }
    });
}

WinogradConv::WinogradConv(const Context& context, const Shape& src, const Shape& conv_dst, int before,
                           bool pooled)
    : kernels_(winograd_kernels(context.simd())),
      lanes_panel_(gemm_kernels(context.simd()).panel),
      h_(static_cast<int>(src[1])),
      w_(static_cast<int>(src[2])),
      c_(static_cast<int>(src[3])),
      p_(static_cast<int>(conv_dst[1])),
      q_(static_cast<int>(conv_dst[2])),
      k_(static_cast<int>(conv_dst[3])),
      before_(before),
      out_h_(pooled ? p_ / 2 : p_),
      out_w_(pooled ? q_ / 2 : q_),
      k_padded_((k_ + lanes_panel_ - 1) / lanes_panel_ * lanes_panel_),
      pooled_(pooled) {
    const auto threads = static_cast<std::size_t>(context.threads());
    const std::size_t forward =
        packed_floats(c_, k_) + threads * round_to_line(kernels_.strip_floats(c_, strip_tiles(c_)));
    const std::size_t backward_src =
        packed_floats(k_, c_) +
        threads * round_to_line(kernels_.data_gradient_floats(c_, k_, strip_tiles(k_)));
    scratch_floats_ = std::max(forward, backward_src);
    if (pooled) return;
    const std::size_t backward_weights = static_cast<std::size_t>(batch_chunks(src[0])) * partial_floats() +
                                         threads * round_to_line(kernels_.weight_gradient_floats(
                                                       c_, k_, weight_gradient_tiles(std::max(c_, k_))));
    scratch_floats_ = std::max(scratch_floats_, backward_weights);
}

std::size_t WinogradConv::partial_floats() const {
    return round_to_line((9 * static_cast<std::size_t>(c_) + 1) * static_cast<std::size_t>(k_padded_));
}

std::size_t WinogradConv::packed_floats(int in, int out) const {
    const std::int64_t panels = (out + lanes_panel_ - 1) / lanes_panel_;
    return round_to_line(static_cast<std::size_t>(36 * panels * lanes_panel_ * in));
}

void WinogradConv::forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                           Tensor winner, Tensor scratch) const {
    auto* packed = static_cast<float*>(scratch.data);
    pack(context, kernels_, weights.f32(), c_, k_, false, packed);
    WinogradStrip strip;
    strip.src = src.f32();
    strip.src_h = h_;
    strip.src_w = w_;
    strip.channels_in = c_;
    strip.before = before_;
    strip.dst = dst.f32();
    strip.dst_winner = winner.u8();
    strip.bias = bias.f32();
    strip.dst_h = out_h_;
    strip.dst_w = out_w_;
    strip.channels_out = k_;
    strip.tiles_y = tiles_of(p_);
    strip.tiles_x = tiles_of(q_);
    strip.weights = packed;
    run_strips(context, kernels_, pooled_ ? kernels_.pool : kernels_.plain, strip, src.rows(),
               packed + packed_floats(c_, k_));
}

WinogradGradient WinogradConv::gradient_of(Tensor diff_dst) const {
    WinogradGradient gradient;
    gradient.src_h = h_;
    gradient.src_w = w_;
    gradient.channels_in = c_;
    gradient.before = before_;
    gradient.diff_dst = diff_dst.f32();
    gradient.dst_h = out_h_;
    gradient.dst_w = out_w_;
    gradient.channels_out = k_;
    gradient.tiles_y = tiles_of(p_);
    gradient.tiles_x = tiles_of(q_);
    return gradient;
}

template <class Pass>
void WinogradConv::for_parts(Context& context, const WinogradGradient& gradient, std::int64_t clips,
                             int parts, float* scratch, std::size_t thread_floats, Pass pass) const {
    const std::int64_t tiles_per_clip = std::int64_t{gradient.tiles_y} * gradient.tiles_x;
    context.pool().parallel_for(parts, [&](std::int64_t part, int thread) {
        WinogradGradient here = gradient;
        here.first_tile = clips * part / parts * tiles_per_clip;
        here.last_tile = clips * (part + 1) / parts * tiles_per_clip;
        here.scratch = scratch + static_cast<std::size_t>(thread) * round_to_line(thread_floats);
        pass(here, part);
    });
}

void WinogradConv::backward_src(Context& context, Tensor diff_dst, Tensor winner, Tensor weights,
                                Tensor diff_src, Tensor scratch) const {
    const std::int64_t clips = diff_dst.rows();
    const int tiles = strip_tiles(k_);
    auto* packed = static_cast<float*>(scratch.data);
    pack(context, kernels_, weights.f32(), k_, c_, true, packed);
    WinogradGradient gradient = gradient_of(diff_dst);
    gradient.winner = winner ? winner.u8() : nullptr;
    gradient.weights = packed;
    gradient.diff_src = diff_src.f32();
    for_parts(context, gradient, clips, static_cast<int>((clips + 1) / 2), packed + packed_floats(k_, c_),
              kernels_.data_gradient_floats(c_, k_, tiles),
              [&](const WinogradGradient& part, std::int64_t) { kernels_.data_gradient(part, tiles); });
}

void WinogradConv::backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                                    Tensor diff_bias, Tensor scratch) const {
    const std::int64_t clips = diff_dst.rows();
    const int tiles = weight_gradient_tiles(std::max(c_, k_));
    const int chunks = batch_chunks(clips);
    const std::size_t partial = partial_floats();
    auto* partials = static_cast<float*>(scratch.data);
    WinogradGradient gradient = gradient_of(diff_dst);
    gradient.src = src.f32();
    for_parts(context, gradient, clips, chunks, partials + static_cast<std::size_t>(chunks) * partial,
              kernels_.weight_gradient_floats(c_, k_, tiles), [&](WinogradGradient part, std::int64_t chunk) {
                  part.partial = partials + static_cast<std::size_t>(chunk) * partial;
                  kernels_.weight_gradient(part, tiles);
              });
    const std::int64_t rows = std::int64_t{9} * c_;
    add_partials(context, partials, partial, chunks, rows, k_, k_padded_, diff_weights.f32());
    if (!diff_bias) return;
    add_partials(context, partials + rows * k_padded_, partial, chunks, 1, k_, k_padded_, diff_bias.f32());
}

}  // namespace kickdrum
