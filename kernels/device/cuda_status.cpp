// SPDX-License-Identifier: MIT
#include "kernels/device/cuda_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace kickdrum {
namespace {

// The compiled-in code is for these and newer ones.
constexpr int kOldestArchitecture = 80;

// Of cudaError_t; the same in every version of CUDA.
constexpr int kStubLibrary = 34;
constexpr int kInsufficientDriver = 35;
constexpr int kNoDevice = 100;

constexpr std::string_view kContainer = "in a container, give it the GPU (docker run --gpus all)";

// The driver that a version of CUDA asks for, in the words of its release notes.
std::string needed_driver(int runtime) {
    const std::string release = runtime / 1000 == 13 ? ", release 580 or newer" : "";
    return fmt::format("an NVIDIA driver for CUDA {} or newer{}", cuda_version_text(runtime), release);
}

struct Verdict {
    CudaProblem problem = CudaProblem::none;
    std::string what;
    std::string remedy;
};

Verdict judge_driver(const CudaFacts& facts) {
    const std::string needed = needed_driver(facts.runtime);
    if (facts.error == kStubLibrary) {
        return {
            CudaProblem::no_driver,
            "instead of the driver's libcuda.so, the toolkit's stub for linking was found",
            fmt::format("take the toolkit's folder 'stubs' out of LD_LIBRARY_PATH, and install {}", needed)};
    }
    if (facts.driver == 0) {
        const std::string loaded =
            facts.driver_release.empty()
                ? ""
                : fmt::format(", though its module {} is loaded", facts.driver_release);
        return {CudaProblem::no_driver, fmt::format("no NVIDIA driver was found (libcuda.so.1){}", loaded),
                fmt::format("install {}; {}", needed, kContainer)};
    }
    return {CudaProblem::driver_too_old,
            fmt::format("the NVIDIA driver{} is too old: it knows CUDA up to {}, this program needs {}",
                        facts.driver_release.empty() ? "" : " " + facts.driver_release,
                        cuda_version_text(facts.driver), cuda_version_text(facts.runtime)),
            fmt::format("install {}", needed)};
}

Verdict judge_gpus(const CudaFacts& facts) {
    if (facts.gpus.empty()) {
        const std::string hidden =
            facts.visible_devices ? fmt::format("CUDA_VISIBLE_DEVICES is '{}': unset it, or name a GPU in it",
                                                *facts.visible_devices)
                                  : std::string("see whether nvidia-smi lists one");
        return {CudaProblem::no_gpu, "the NVIDIA driver shows no GPU",
                fmt::format("{}; {}", hidden, kContainer)};
    }
    const GpuFacts& first = facts.gpus.front();
    if (first.architecture >= kOldestArchitecture) return {};
    const auto better = std::ranges::find_if(
        facts.gpus, [](const GpuFacts& gpu) { return gpu.architecture >= kOldestArchitecture; });
    return {
        CudaProblem::gpu_too_old,
        fmt::format(
            "the GPU '{}' is too old: it is of architecture {}, and {} is the oldest that this program has "
            "code for",
            first.name, architecture_text(first.architecture), architecture_text(kOldestArchitecture)),
        better == facts.gpus.end()
            ? std::string("compute on the CPU, or on a GPU of compute capability 8.0 or newer")
            : fmt::format("choose '{}': set CUDA_VISIBLE_DEVICES={}", better->name,
                          std::distance(facts.gpus.begin(), better))};
}

Verdict judge_libraries(const CudaFacts& facts) {
    const std::string needed = fmt::format("install cuDNN {} or newer of the same major version, for CUDA {}",
                                           cudnn_version_text(facts.cudnn_built), facts.runtime / 1000);
    if (facts.cudnn == 0) {
        return {
            CudaProblem::no_cudnn,
            fmt::format("cuDNN can't be loaded{}", facts.cudnn_error.empty() ? "" : ": " + facts.cudnn_error),
            fmt::format("{}, with all its libraries (libcudnn*.so.9) in one folder that the loader searches",
                        needed)};
    }
    if (facts.cudnn < facts.cudnn_built) {
        return {CudaProblem::cudnn_too_old,
                fmt::format("cuDNN {} is too old: this program was built with {}",
                            cudnn_version_text(facts.cudnn), cudnn_version_text(facts.cudnn_built)),
                needed};
    }
    if (!facts.library_error.empty()) {
        return {CudaProblem::no_library,
                fmt::format("a library of the CUDA toolkit can't be loaded: {}", facts.library_error),
                fmt::format(
                    "install the libraries of the CUDA toolkit {} (libcublasLt.so.13, libcufft.so.12) in a "
                    "folder that the loader searches",
                    cuda_version_text(facts.runtime))};
    }
    return {};
}

Verdict verdict(const CudaFacts& facts) {
    if (!facts.built) {
        return {CudaProblem::not_built, "this program was built without CUDA",
                "build it with the preset 'cuda' (cmake --preset cuda && cmake --build --preset cuda), which "
                "needs the "
                "CUDA toolkit 13.0 or newer and cuDNN 9"};
    }
    if (facts.error == kStubLibrary || facts.error == kInsufficientDriver) return judge_driver(facts);
    if (facts.error != 0 && facts.error != kNoDevice) {
        return {
            CudaProblem::other,
            fmt::format("CUDA doesn't start: {} (error {})", facts.error_text, facts.error),
            "see what nvidia-smi and the system's log say of the GPU; a restart of the computer may help"};
    }
    Verdict gpus = judge_gpus(facts);
    return gpus.problem == CudaProblem::none ? judge_libraries(facts) : gpus;
}

}  // namespace

std::string_view to_string(CudaProblem problem) {
    switch (problem) {
        case CudaProblem::none: return "none";
        case CudaProblem::not_built: return "not_built";
        case CudaProblem::no_driver: return "no_driver";
        case CudaProblem::driver_too_old: return "driver_too_old";
        case CudaProblem::no_gpu: return "no_gpu";
        case CudaProblem::gpu_too_old: return "gpu_too_old";
        case CudaProblem::no_cudnn: return "no_cudnn";
        case CudaProblem::cudnn_too_old: return "cudnn_too_old";
        case CudaProblem::no_library: return "no_library";
        case CudaProblem::other: return "other";
    }
    return "?";
}

CudaStatus judge(CudaFacts facts) {
    Verdict found = verdict(facts);
    return {.facts = std::move(facts),
            .problem = found.problem,
            .what = std::move(found.what),
            .remedy = std::move(found.remedy)};
}

CudaStatus cuda_status() {
    CudaFacts facts;
#if defined(KICKDRUM_WITH_CUDA)
    facts.built = true;
    std::ifstream version("/proc/driver/nvidia/version");
    facts.driver_release = driver_release_in(std::string(std::istreambuf_iterator<char>(version), {}));
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) facts.visible_devices = visible;
    cuda::find_gpus(facts);
    cuda::find_libraries(facts);
#endif
    return judge(std::move(facts));
}

std::string cuda_version_text(int version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string cudnn_version_text(std::size_t version) {
    return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

std::string architecture_text(int architecture) {
    return fmt::format("sm_{}", architecture);
}

// The first word of digits with a dot in it: "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun
// Jul ...".
std::string driver_release_in(std::string_view text) {
    constexpr std::string_view kNumber = "0123456789.";
    for (std::size_t begin = text.find_first_not_of(" \t\n"); begin != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
        const std::string_view word = text.substr(begin, end - begin);
        if (word.find_first_not_of(kNumber) == std::string_view::npos &&
            word.find('.') != std::string_view::npos) {
            return std::string(word);
        }
        begin = text.find_first_not_of(" \t\n", end);
    }
    return {};
}

}  // namespace kickdrum
