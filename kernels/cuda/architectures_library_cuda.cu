// SPDX-License-Identifier: MIT
// What cuDNN has to know of a GPU to plan for it. The figures are those that the CUDA runtime reports
// (cudaDeviceProp) for one GPU of each architecture.
#include <array>

#include "kernels/cuda/conv_choice.cuh"

namespace kickdrum::cuda {
namespace {

struct Architecture {
    std::string_view name;
    std::string_view gpu;
    int version;  // 100 * major + 10 * minor
    int multiprocessors;
    int clock_khz;
    int memory_clock_khz;
    std::int64_t l2_bytes;
    std::int64_t shared_bytes_opt_in;
    std::int64_t memory_bytes;
};

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::array kArchitectures = {
    // An architecture that is too old, for the tests: bf16 has no engines there.
    Architecture{"sm_75", "Tesla T4", 750, 40, 1590000, 5001000, 4 * kMiB, 65536, 15102 * kMiB},
    Architecture{"sm_80", "NVIDIA A100-SXM4-40GB", 800, 108, 1410000, 1215000, 40 * kMiB, 166912,
                 40339 * kMiB},
    Architecture{"sm_90", "NVIDIA H100 80GB HBM3", 900, 132, 1980000, 2619000, 50 * kMiB, 232448,
                 81105 * kMiB},
    Architecture{"sm_100", "NVIDIA B200", 1000, 148, 1965000, 3996000, 126 * kMiB, 232448, 182641 * kMiB},
};

std::string to_json(const Architecture& x) {
    const bool turing = x.version < 800;
    std::string json = fmt::format(
        R"({{"deviceName": "{}", "cudaDeviceId": 0, "deviceVer": {}, "driverVer": 13000, "multiProcessorCount": {}, )",
        x.gpu, x.version, x.multiprocessors);
    json +=
        R"("maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536, )";
    json += fmt::format(R"("smClockRateKHz": {}, "memClockRateKHz": {}, "l2CacheSize": {}, "warpSize": 32, )",
                        x.clock_khz, x.memory_clock_khz, x.l2_bytes);
    json += fmt::format(R"("maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": {}, )",
                        x.shared_bytes_opt_in);
    json +=
        fmt::format(R"("reservedSharedMemoryPerBlock": {}, "maxRegistersPerSM": 65536, "pciDeviceId": 0, )",
                    turing ? 0 : 1024);
    json += fmt::format(R"("maxCtasPerSM": {}, "maxThreadsPerBlock": 1024, "maxThreadsPerSM": {}, )",
                        turing ? 16 : 32, turing ? 1024 : 2048);
    json +=
        fmt::format(R"("isTccDriver": 0, "supportCoopLaunch": 1, "totalGlobalMem": {}}})", x.memory_bytes);
    return json;
}

}  // namespace

Descriptor describe_architecture(std::string_view architecture) {
    for (const Architecture& known : kArchitectures) {
        if (known.name != architecture) continue;
        Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
        const std::string json = to_json(known);
        properties.set_all<char>(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, json).finish();
        return properties;
    }
    throw InvalidArgument(fmt::format("architecture '{}' isn't known here", architecture));
}

}  // namespace kickdrum::cuda
