// SPDX-License-Identifier: MIT
// Whether this program can compute on a GPU of this computer, and if not, what is missing and what to do
// about it. Nothing of CUDA shows here: looking works in every build and on every computer.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

struct GpuFacts {
    std::string name;      // "NVIDIA H100 80GB HBM3"
    int architecture = 0;  // 10 * major + minor of its compute capability: 90
    std::size_t memory_bytes = 0;
    int multiprocessors = 0;
};

// What was found, without a judgement. Versions of CUDA are 1000 * major + 10 * minor: 13000.
struct CudaFacts {
    bool built = false;          // with the CUDA backend
    int runtime = 0;             // CUDA's runtime that is linked
    int driver = 0;              // the newest CUDA that the driver knows; 0: there is no driver
    std::string driver_release;  // "580.65.06", where the system says so
    int error = 0;               // of counting the GPUs: cudaError_t
    std::string error_text;      // "cudaErrorNoDevice: no CUDA-capable device is detected"
    std::optional<std::string> visible_devices;    // the variable CUDA_VISIBLE_DEVICES
    std::vector<GpuFacts> gpus;                    // the visible ones, in CUDA's order
    std::size_t cudnn_built = 0;                   // 10000 * major + 100 * minor + patch: 91900
    std::size_t cudnn = 0;                         // that is installed; 0: can't be loaded
    std::string cudnn_error;                       // why not
    std::map<std::string, std::string> libraries;  // name: version, of those beside cuDNN
    std::string library_error;                     // why one of those can't be loaded
};

enum class CudaProblem {
    none,
    not_built,
    no_driver,
    driver_too_old,
    no_gpu,
    gpu_too_old,
    no_cudnn,
    cudnn_too_old,
    no_library,
    other,
};
std::string_view to_string(CudaProblem problem);  // "driver_too_old"

struct CudaStatus {
    CudaFacts facts;
    CudaProblem problem = CudaProblem::none;
    std::string what;    // is wrong: one sentence, without the last full stop; empty where nothing is
    std::string remedy;  // what to do: the same

    bool usable() const { return problem == CudaProblem::none; }
};

// The first GPU is the one that is used; its compute capability must be at least 8.0.
CudaStatus judge(CudaFacts facts);

// Looks at this computer. Takes some milliseconds, up to a second where a GPU wakes up.
CudaStatus cuda_status();

// "13.0" of 13000, "9.19.0" of 91900, "sm_90" of 90.
std::string cuda_version_text(int version);
std::string cudnn_version_text(std::size_t version);
std::string architecture_text(int architecture);
// The release in the text of /proc/driver/nvidia/version; empty where there is none in it.
std::string driver_release_in(std::string_view text);

namespace cuda {
// The backend's half: fill in what they know. Never throw.
void find_gpus(CudaFacts& facts);
void find_libraries(CudaFacts& facts);
}  // namespace cuda

}  // namespace kickdrum
