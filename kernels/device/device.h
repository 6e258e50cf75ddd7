// SPDX-License-Identifier: MIT
// Where operations run, and which CPU instruction set the CPU backend may use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

enum class Device { cpu, cuda };

// The devices that this build can use on this computer; cpu always comes first.
std::vector<Device> available_devices();
std::string_view to_string(Device device);

// Vector instructions of the CPU backend, from the least to the most capable.
//   portable  plain C++ for the compiler's base target
//   avx2      AVX2 + FMA, 8 floats per vector
//   avx512    AVX-512 F/BW/DQ/VL, 16 floats per vector
enum class SimdLevel { portable, avx2, avx512 };

// The best level that both the processor (CPUID) and the operating system (XCR0) support.
SimdLevel best_simd_level();
// Every level that can run here, portable first: what the tests iterate over.
std::vector<SimdLevel> available_simd_levels();
std::string_view to_string(SimdLevel level);
// The processor's own name ("AMD EPYC ..."), for environment.json; empty when it can't be read.
std::string cpu_name();

}  // namespace kickdrum
