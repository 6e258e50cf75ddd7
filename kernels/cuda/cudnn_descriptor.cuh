// SPDX-License-Identifier: MIT
// cuDNN's backend descriptors as objects: made, filled, finished, destroyed with their owner. What isn't
// taken throws.
#pragma once

#include <cudnn.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernels/device/error.h"

namespace kickdrum::cuda {

// cuDNN says no: the code is kept, since "not supported" is an answer where an engine is looked for.
class CudnnError : public DeviceError {
 public:
    CudnnError(cudnnStatus_t status, const std::string& message) : DeviceError(message), status_(status) {}
    cudnnStatus_t status() const { return status_; }
    // Of the family of answers about what an engine or an architecture can't do.
    bool not_supported() const { return status_ / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000; }

 private:
    cudnnStatus_t status_;
};

// Throws CudnnError: "cuDNN: cudnnBackendFinalize(...) failed: CUDNN_STATUS_... (3000), <its last words>
// (file:line)".
void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line);

class Descriptor {
 public:
    explicit Descriptor(cudnnBackendDescriptorType_t type);

    template <class T>
    Descriptor& set(cudnnBackendAttributeName_t name, const T& value) {
        return set_raw(name, type_of<T>(), 1, &value);
    }
    Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& value) {
        const cudnnBackendDescriptor_t raw = value.get();
        return set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
    }
    template <class T>
    Descriptor& set_all(cudnnBackendAttributeName_t name, std::span<const T> values) {
        return set_raw(name, type_of<T>(), static_cast<std::int64_t>(values.size()), values.data());
    }
    Descriptor& set_descriptors(cudnnBackendAttributeName_t name, std::span<const Descriptor> values);
    // Nothing can be set after this.
    Descriptor& finish();

    template <class T>
    T value(cudnnBackendAttributeName_t name) const {
        T found{};
        get_raw(name, type_of<T>(), 1, &found);
        return found;
    }
    std::int64_t integer(cudnnBackendAttributeName_t name) const { return value<std::int64_t>(name); }
    // Of an attribute that is a list; at most 64.
    template <class T>
    std::vector<T> values(cudnnBackendAttributeName_t name) const {
        std::vector<T> found(64);
        found.resize(get_raw(name, type_of<T>(), found.size(), found.data()));
        return found;
    }
    Descriptor descriptor(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type) const;
    // At most `capacity` of them; 0: as many as cuDNN says there are.
    std::vector<Descriptor> descriptors(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type,
                                        std::size_t capacity = 0) const;

    cudnnBackendDescriptor_t get() const { return raw_.get(); }

 private:
    struct Destroy {
        void operator()(cudnnBackendDescriptor_t raw) const { cudnnBackendDestroyDescriptor(raw); }
    };

    template <class T>
    static constexpr cudnnBackendAttributeType_t type_of() {
        if constexpr (std::is_same_v<T, std::int64_t>)
            return CUDNN_TYPE_INT64;
        else if constexpr (std::is_same_v<T, float>)
            return CUDNN_TYPE_FLOAT;
        else if constexpr (std::is_same_v<T, char>)
            return CUDNN_TYPE_CHAR;
        else if constexpr (std::is_same_v<T, void*>)
            return CUDNN_TYPE_VOID_PTR;
        else if constexpr (std::is_same_v<T, cudnnHandle_t>)
            return CUDNN_TYPE_HANDLE;
        else if constexpr (std::is_same_v<T, cudnnDataType_t>)
            return CUDNN_TYPE_DATA_TYPE;
        else if constexpr (std::is_same_v<T, cudnnConvolutionMode_t>)
            return CUDNN_TYPE_CONVOLUTION_MODE;
        else if constexpr (std::is_same_v<T, cudnnBackendHeurMode_t>)
            return CUDNN_TYPE_HEUR_MODE;
        else if constexpr (std::is_same_v<T, cudnnBackendKnobType_t>)
            return CUDNN_TYPE_KNOB_TYPE;
        else if constexpr (std::is_same_v<T, cudnnBackendNumericalNote_t>)
            return CUDNN_TYPE_NUMERICAL_NOTE;
        else {
            static_assert(std::is_same_v<T, cudnnBackendBehaviorNote_t>);
            return CUDNN_TYPE_BEHAVIOR_NOTE;
        }
    }
    Descriptor& set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                        std::int64_t count, const void* values);
    std::size_t get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                        std::size_t capacity, void* values) const;

    std::unique_ptr<void, Destroy> raw_;
};

}  // namespace kickdrum::cuda

#define KICKDRUM_CUDNN_CHECK(...) \
    ::kickdrum::cuda::check_cudnn((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
