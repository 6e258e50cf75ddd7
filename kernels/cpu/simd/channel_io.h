// SPDX-License-Identifier: MIT
// Channels come in whole vectors and a rest. for_channels() calls body(io, k) for each; io reads and writes just the
// channels that exist, so that a rest never touches a neighbour's memory.
#pragma once

#include "kernels/cpu/simd/vec.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

struct WholeVector {
    KICKDRUM_ALWAYS_INLINE Vec read(const float* p) const { return load(p); }
    KICKDRUM_ALWAYS_INLINE IntVec read(const std::uint8_t* p) const { return load_bytes(p); }
    KICKDRUM_ALWAYS_INLINE void write(float* p, Vec v) const { store(p, v); }
    KICKDRUM_ALWAYS_INLINE void write(std::uint8_t* p, IntVec v) const { store_bytes(p, v); }
};

struct PartOfVector {
    int n;
    KICKDRUM_ALWAYS_INLINE Vec read(const float* p) const { return load_part(p, n); }
    KICKDRUM_ALWAYS_INLINE IntVec read(const std::uint8_t* p) const { return load_bytes_part(p, n); }
    KICKDRUM_ALWAYS_INLINE void write(float* p, Vec v) const { store_part(p, v, n); }
    KICKDRUM_ALWAYS_INLINE void write(std::uint8_t* p, IntVec v) const { store_bytes_part(p, v, n); }
};

template <class Body>
KICKDRUM_ALWAYS_INLINE void for_channels(int channels, Body body) {
    int k = 0;
    for (; k + kLanes <= channels; k += kLanes) body(WholeVector{}, k);
    if (k < channels) body(PartOfVector{channels - k}, k);
}

// Best of the four values of a 2x2 window (the first of equals), + bias, ReLU; its place, or 4 where ReLU is dead.
struct Pooled {
    Vec value;
    IntVec winner;
};
KICKDRUM_ALWAYS_INLINE Pooled pool_relu(Vec a, Vec b, Vec c, Vec d, Vec bias) {
    const Vec z[4] = {a, b, c, d};
    Vec best = a;
    IntVec place{};
    KICKDRUM_UNROLL for (int p = 1; p < 4; ++p) {
        const IntVec greater = z[p] > best;
        place = greater ? IntVec{} + p : place;
        best = greater ? z[p] : best;
    }
    best += bias;
    const IntVec live = best > 0;
    return {keep(live, best), live ? place : IntVec{} + 4};
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
