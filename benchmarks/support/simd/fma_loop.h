// SPDX-License-Identifier: MIT
// A loop of nothing but independent fused multiply-adds, compiled once for each instruction set.
#pragma once

#include <cstdint>

namespace kickdrum {

namespace portable {
float run_fma_loop(std::int64_t rounds);
std::int64_t fma_loop_flops_per_round();
}  // namespace portable

namespace avx2 {
float run_fma_loop(std::int64_t rounds);
std::int64_t fma_loop_flops_per_round();
}  // namespace avx2

namespace avx512 {
float run_fma_loop(std::int64_t rounds);
std::int64_t fma_loop_flops_per_round();
}  // namespace avx512

}  // namespace kickdrum
