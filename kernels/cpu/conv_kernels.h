// SPDX-License-Identifier: MIT
// The inner loops of convolutions and dense layers, compiled once per instruction set. A call works on one
// piece on the calling thread; cutting the work and handing out scratch are the callers'
// (kernels/ops/*_cpu.cpp).
//
// Weights are packed into panels of `panel` output channels, the last one padded with zeros, so that the
// microkernel streams them front to back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// 3x3 convolution, stride 1, on 4x4 output tiles by Winograd F(4x4, 3x3): a run of tiles through input
// transform, 36 small matrix products and output transform, all in cache.
struct WinogradStrip {
    const float* src = nullptr;  // NHWC
    int src_h = 0, src_w = 0, channels_in = 0;
    int before = 0;  // rows and columns of zeros before the first of the image: 0 or 1
    // What is written: NHWC dst, or pooled dst with winners.
    float* dst = nullptr;
    std::uint8_t* dst_winner = nullptr;
    const float* bias = nullptr;  // may be null
    int dst_h = 0, dst_w = 0, channels_out = 0;
    int tiles_y = 0, tiles_x = 0;                // per clip
    const float* weights = nullptr;              // packed
    std::int64_t first_tile = 0, last_tile = 0;  // over all clips
    float* scratch = nullptr;                    // strip_floats()
};

// A gradient from a run of tiles of whole clips: of the data, dd = B [sum over channels out (G w G^T) *
// (A g A^T)] B^T, added up where windows overlap; or of the weights, dw = G^T [sum over tiles (B^T d B) *
// (A g A^T)] G, with the sum of g for the bias.
struct WinogradGradient {
    int src_h = 0, src_w = 0, channels_in = 0;
    int before = 0;
    const float* diff_dst = nullptr;
    int dst_h = 0, dst_w = 0, channels_out = 0;
    int tiles_y = 0, tiles_x = 0;
    std::int64_t first_tile = 0, last_tile = 0;
    float* scratch = nullptr;
    // Of the data: diff_dst is pooled where winner is there.
    const std::uint8_t* winner = nullptr;
    const float* weights = nullptr;  // packed transposed
    float* diff_src = nullptr;       // out
    // Of the weights.
    const float* src = nullptr;
    float* partial = nullptr;  // out: [9][channels_in][padded channels_out], then [padded channels_out]
};

// One pooled row of a 3x3 convolution with a single input channel, and its part of the gradients.
struct DirectRow {
    const float* src = nullptr;  // the clip
    int h = 0, w = 0;
    int before = 0;  // 1: padding same, 0: valid
    int row = 0;     // pooled
    int pooled_w = 0;
    int channels = 0;                // out
    const float* weights = nullptr;  // [9][padded channels]
    const float* bias = nullptr;     // [padded channels]
    float* dst = nullptr;            // of this row: [pooled_w][channels]
    std::uint8_t* dst_winner = nullptr;
    const float* diff_dst = nullptr;
    const std::uint8_t* winner = nullptr;
    float* partial = nullptr;  // += [10][padded channels]: nine taps and the bias
    float* scratch = nullptr;  // row_floats()
};

struct WinogradKernels {
    // HWIO weights [3][3][in][out] -> packed [panels][36][in][panel], rows first_in .. last_in. transposed:
    // for the data gradient: the weights are [3][3][out][in].
    void (*pack)(const float* weights, int in, int out, bool transposed, int first_in, int last_in,
                 float* packed);
    std::size_t (*strip_floats)(int channels_in, int tiles);
    void (*plain)(const WinogradStrip& strip, int tiles_at_once);  // src -> dst
    void (*pool)(const WinogradStrip& strip, int tiles_at_once);   // src -> pooled dst, with ReLU
    std::size_t (*data_gradient_floats)(int channels_in, int channels_out, int tiles);
    void (*data_gradient)(const WinogradGradient& gradient, int tiles_at_once);
    std::size_t (*weight_gradient_floats)(int channels_in, int channels_out, int tiles);
    void (*weight_gradient)(const WinogradGradient& gradient, int tiles_at_once);
};

struct DirectKernels {
    std::size_t (*row_floats)(int w);
    void (*forward)(const DirectRow& row);
    void (*backward)(const DirectRow& row);
};

struct GemmKernels {
    int lanes;  // floats per vector
    int panel;  // columns of B and C of one call

    // [rows][cols], rows `stride` apart -> [panels][rows][panel], the last panel padded with zeros.
    void (*pack_panels)(const float* src, std::int64_t stride, int rows, int cols, float* packed);
    // [rows][cols], rows src_stride apart -> its transpose, rows dst_stride apart.
    void (*transpose)(const float* src, std::int64_t src_stride, int rows, int cols, float* dst,
                      std::int64_t dst_stride);
    // Asks for memory that will soon be read to be in the L2 cache.
    void (*prefetch)(const float* p, std::int64_t floats);
    // C[m x panel] = A[m x depth] * B[depth x panel], or += where it says add; rows of A and C are lda and
    // ldc apart, B is a packed panel. transposed: A is stored as [depth][m].
    using Multiply = void (*)(int m, const float* a, std::int64_t lda, const float* b, float* c,
                              std::int64_t ldc, int depth);
    Multiply multiply;
    Multiply multiply_add;
    Multiply multiply_transposed;
    Multiply multiply_transposed_add;
};

const WinogradKernels& winograd_kernels(SimdLevel level);
const DirectKernels& direct_kernels(SimdLevel level);
const GemmKernels& gemm_kernels(SimdLevel level);

}  // namespace kickdrum
