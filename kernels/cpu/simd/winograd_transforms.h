// SPDX-License-Identifier: MIT
// The one-dimensional transforms of Winograd's F(4, 3) at the points 0, +-a, +-b, infinity, and how a
// two-dimensional one is made of them. With a = 5/8, b = 3/2 the error is a third to a sixth of that with 1
// and 2, and a^2, b^2, a^2 b^2, a^2 + b^2, a^3, b^3 are exact in single precision.
//   forward   Y = A^T [sum_c (G w G^T) * (B^T d B)] A       tile d 6x6, filter w 3x3, result Y 4x4
//   weights  dw = G^T [sum_tiles (B^T d B) * (A g A^T)] G   g: the 4x4 gradient tile
//   data     dd = B [sum_k (G w G^T) * (A g A^T)] B^T       the transpose of forward; windows overlap and add
//   up
#pragma once

#include "kernels/cpu/simd/vec.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

constexpr float kA = 0.625F;
constexpr float kB = 1.5F;
constexpr float kA2 = kA * kA;
constexpr float kB2 = kB * kB;

// B^T: 6 -> 6
KICKDRUM_ALWAYS_INLINE void transform_input(const Vec* d, Vec* o) {
    const Vec s = d[4] - kB2 * d[2];
    const Vec u = d[3] - kB2 * d[1];
    const Vec q = d[4] - kA2 * d[2];
    const Vec r = d[3] - kA2 * d[1];
    o[0] = kA2 * kB2 * d[0] + (d[4] - (kA2 + kB2) * d[2]);
    o[1] = s + kA * u;
    o[2] = s - kA * u;
    o[3] = q + kB * r;
    o[4] = q - kB * r;
    o[5] = kA2 * kB2 * d[1] + (d[5] - (kA2 + kB2) * d[3]);
}
// B: 6 -> 6
KICKDRUM_ALWAYS_INLINE void transform_input_back(const Vec* m, Vec* o) {
    const Vec p = m[1] + m[2];
    const Vec q = kA * (m[1] - m[2]);
    const Vec r = m[3] + m[4];
    const Vec s = kB * (m[3] - m[4]);
    o[0] = kA2 * kB2 * m[0];
    o[1] = kA2 * kB2 * m[5] - kB2 * q - kA2 * s;
    o[2] = -(kA2 + kB2) * m[0] - kB2 * p - kA2 * r;
    o[3] = q + s - (kA2 + kB2) * m[5];
    o[4] = m[0] + p + r;
    o[5] = m[5];
}
// A^T: 6 -> 4
KICKDRUM_ALWAYS_INLINE void transform_output(const Vec* m, Vec* o) {
    const Vec p = m[1] + m[2];
    const Vec q = m[1] - m[2];
    const Vec r = m[3] + m[4];
    const Vec s = m[3] - m[4];
    o[0] = m[0] + p + r;
    o[1] = kA * q + kB * s;
    o[2] = kA2 * p + kB2 * r;
    o[3] = (kA2 * kA) * q + ((kB2 * kB) * s + m[5]);
}
// A: 4 -> 6
KICKDRUM_ALWAYS_INLINE void transform_gradient(const Vec* g, Vec* o) {
    const Vec e = g[0] + kA2 * g[2];
    const Vec f = g[1] + kA2 * g[3];
    const Vec p = g[0] + kB2 * g[2];
    const Vec q = g[1] + kB2 * g[3];
    o[0] = g[0];
    o[1] = e + kA * f;
    o[2] = e - kA * f;
    o[3] = p + kB * q;
    o[4] = p - kB * q;
    o[5] = g[3];
}

constexpr float kN0 = 1 / (kA2 * kB2);
constexpr float kNa = 1 / (2 * kA2 * (kA2 - kB2));
constexpr float kNb = 1 / (2 * kB2 * (kB2 - kA2));
// G: 3 -> 6
KICKDRUM_ALWAYS_INLINE void transform_weights(const Vec* w, Vec* o) {
    const Vec e = w[0] + kA2 * w[2];
    const Vec f = kA * w[1];
    const Vec p = w[0] + kB2 * w[2];
    const Vec q = kB * w[1];
    o[0] = kN0 * w[0];
    o[1] = kNa * (e + f);
    o[2] = kNa * (e - f);
    o[3] = kNb * (p + q);
    o[4] = kNb * (p - q);
    o[5] = w[2];
}
// G^T: 6 -> 3
KICKDRUM_ALWAYS_INLINE void transform_weights_back(const Vec* u, Vec* o) {
    const Vec p = kNa * (u[1] + u[2]);
    const Vec q = kNa * (u[1] - u[2]);
    const Vec r = kNb * (u[3] + u[4]);
    const Vec s = kNb * (u[3] - u[4]);
    o[0] = kN0 * u[0] + p + r;
    o[1] = kA * q + kB * s;
    o[2] = kA2 * p + kB2 * r + u[5];
}

// From rows x columns to out_rows x out_columns: column(j, d) fills column j of the input, row(i, o) takes
// row i of the result.
template <int rows, int columns, int out_rows, int out_columns, class Transform, class Column, class Row>
KICKDRUM_ALWAYS_INLINE void transform_2d(Transform transform, Column column, Row row) {
    Vec t[out_rows][columns];
    KICKDRUM_UNROLL for (int j = 0; j < columns; ++j) {
        Vec d[rows];
        Vec o[out_rows];
        column(j, d);
        transform(d, o);
        KICKDRUM_UNROLL for (int i = 0; i < out_rows; ++i) t[i][j] = o[i];
    }
    KICKDRUM_UNROLL for (int i = 0; i < out_rows; ++i) {
        Vec o[out_columns];
        transform(t[i], o);
        row(i, o);
    }
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
