// SPDX-License-Identifier: MIT
#include "kernels/device/device.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "kernels/device/cuda_status.h"
#include "kernels/device/dispatch.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kickdrum {
namespace {

#if defined(__x86_64__)
struct Cpuid {
    unsigned a = 0, b = 0, c = 0, d = 0;
};

Cpuid cpuid(unsigned leaf, unsigned subleaf = 0) {
    Cpuid r;
    if (__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d) == 0) return {};
    return r;
}

// Which register files the operating system saves (Intel SDM vol. 1, 13.3): an instruction set that the
// processor has but the system doesn't save must not be used.
std::uint64_t saved_registers() {
    if ((cpuid(1).c & (1U << 27)) == 0) return 0;  // OSXSAVE
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (std::uint64_t{high} << 32) | low;
}
#endif

}  // namespace

std::vector<Device> available_devices() {
    std::vector<Device> devices = {Device::cpu};
    if constexpr (kWithCuda) {
        if (cuda_status().usable()) devices.push_back(Device::cuda);
    }
    return devices;
}

std::string_view to_string(Device device) {
    return device == Device::cpu ? "cpu" : "cuda";
}

SimdLevel best_simd_level() {
#if defined(__x86_64__)
    constexpr std::uint64_t kYmm = 0x06;  // SSE and AVX state
    constexpr std::uint64_t kZmm = 0xe6;  // and the opmask and upper ZMM state
    const std::uint64_t saved = saved_registers();
    const Cpuid basic = cpuid(1);
    const Cpuid extended = cpuid(7);
    const bool fma = (basic.c & (1U << 12)) != 0;
    const bool avx2 = (extended.b & (1U << 5)) != 0;
    if (!fma || !avx2 || (saved & kYmm) != kYmm) return SimdLevel::portable;
    constexpr unsigned kAvx512 = (1U << 16) | (1U << 17) | (1U << 30) | (1U << 31);  // F, DQ, BW, VL
    const bool avx512 = (extended.b & kAvx512) == kAvx512 && (saved & kZmm) == kZmm;
    return avx512 ? SimdLevel::avx512 : SimdLevel::avx2;
#else
    return SimdLevel::portable;
#endif
}

std::vector<SimdLevel> available_simd_levels() {
    std::vector<SimdLevel> levels;
    for (const auto level : {SimdLevel::portable, SimdLevel::avx2, SimdLevel::avx512}) {
        if (level <= best_simd_level()) levels.push_back(level);
    }
    return levels;
}

std::string_view to_string(SimdLevel level) {
    switch (level) {
        case SimdLevel::portable: return "portable";
        case SimdLevel::avx2: return "avx2";
        case SimdLevel::avx512: return "avx512";
    }
    return "?";
}

std::string cpu_name() {
#if defined(__x86_64__)
    if (cpuid(0x80000000U).a < 0x80000004U) return {};
    std::array<char, 49> text{};
    for (unsigned i = 0; i < 3; ++i) {
        const Cpuid part = cpuid(0x80000002U + i);
        std::memcpy(text.data() + 16 * i, &part, 16);
    }
    std::string name = text.data();
    while (!name.empty() && name.back() == ' ') name.pop_back();
    return name;
#else
    return {};
#endif
}

}  // namespace kickdrum
