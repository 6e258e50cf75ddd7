// SPDX-License-Identifier: MIT
#include <array>

#include "kernels/cuda/cudnn_descriptor.cuh"

namespace kickdrum::cuda {

void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line) {
    if (status == CUDNN_STATUS_SUCCESS) return;
    std::array<char, 1024> words{};
    cudnnGetLastErrorString(words.data(), words.size());
    throw CudnnError(status,
                     fmt::format("cuDNN: {} failed: {} ({}), {} ({}:{})", call, cudnnGetErrorString(status),
                                 static_cast<int>(status), words.data(), file, line));
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
    cudnnBackendDescriptor_t raw = nullptr;
    KICKDRUM_CUDNN_CHECK(cudnnBackendCreateDescriptor(type, &raw));
    raw_.reset(raw);
}

Descriptor& Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                std::int64_t count, const void* values) {
    KICKDRUM_CUDNN_CHECK(cudnnBackendSetAttribute(get(), name, type, count, values));
    return *this;
}

Descriptor& Descriptor::set_descriptors(cudnnBackendAttributeName_t name,
                                        std::span<const Descriptor> values) {
    std::vector<cudnnBackendDescriptor_t> raw;
    for (const Descriptor& value : values) raw.push_back(value.get());
    return set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(raw.size()), raw.data());
}

Descriptor& Descriptor::finish() {
    KICKDRUM_CUDNN_CHECK(cudnnBackendFinalize(get()));
    return *this;
}

std::size_t Descriptor::get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                std::size_t capacity, void* values) const {
    std::int64_t count = 0;
    const auto asked = static_cast<std::int64_t>(capacity);
    KICKDRUM_CUDNN_CHECK(cudnnBackendGetAttribute(get(), name, type, asked, &count, values));
    return static_cast<std::size_t>(count);
}

Descriptor Descriptor::descriptor(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type) const {
    // cuDNN fills descriptors that its caller has made.
    Descriptor found(type);
    cudnnBackendDescriptor_t raw = found.get();
    get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
    return found;
}

std::vector<Descriptor> Descriptor::descriptors(cudnnBackendAttributeName_t name,
                                                cudnnBackendDescriptorType_t type,
                                                std::size_t capacity) const {
    if (capacity == 0) capacity = get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, nullptr);
    if (capacity == 0) return {};
    std::vector<Descriptor> found;
    std::vector<cudnnBackendDescriptor_t> raw;
    for (std::size_t i = 0; i < capacity; ++i) raw.push_back(found.emplace_back(type).get());
    const std::size_t filled = get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, capacity, raw.data());
    while (found.size() > filled) found.pop_back();
    return found;
}

}  // namespace kickdrum::cuda
