// SPDX-License-Identifier: MIT
// Shape, DType and Tensor: a non-owning, trivially copyable view of memory on a device.
//
// Layout is dense and row-major. Images are NHWC (n, height, width, channels), dense layers [n, features],
// convolution weights HWIO [kernel height, kernel width, channels in, channels out], dense weights [in, out].
// A Tensor never allocates and never owns; whoever made the Buffer or Arena behind it keeps it alive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "kernels/device/device.h"
#include "kernels/device/error.h"

namespace kickdrum {

// bf16: the upper half of an f32, on CUDA only.
enum class DType : std::uint8_t { f32, bf16, i32, u8 };
constexpr std::size_t size_of(DType dtype) {
    return dtype == DType::u8 ? 1 : dtype == DType::bf16 ? 2 : 4;
}
std::string_view to_string(DType dtype);

// Up to four extents. rank() == 0 is "no tensor", not a scalar.
class Shape {
 public:
    static constexpr int kMaxRank = 4;

    Shape() = default;
    Shape(std::initializer_list<std::int64_t> extents);

    int rank() const { return rank_; }
    std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
    // Number of elements; 0 for the empty shape.
    std::int64_t count() const;
    // Elements per entry of the first axis: one clip of a batch.
    std::int64_t row_count() const { return rank_ == 0 || extents_[0] == 0 ? 0 : count() / extents_[0]; }
    // The same shape with another first extent: another number of clips.
    Shape with_rows(std::int64_t rows) const;

    friend bool operator==(const Shape& a, const Shape& b) = default;

 private:
    std::array<std::int64_t, kMaxRank> extents_{};
    int rank_ = 0;
};

// "(64, 128, 128, 1)"
std::string to_string(const Shape& shape);

struct Tensor {
    void* data = nullptr;
    Shape shape;
    DType dtype = DType::f32;
    Device device = Device::cpu;

    explicit operator bool() const { return data != nullptr; }
    std::int64_t count() const { return shape.count(); }
    std::int64_t rows() const { return shape[0]; }
    std::size_t bytes() const { return static_cast<std::size_t>(shape.count()) * size_of(dtype); }

    float* f32() const { return static_cast<float*>(data); }
    std::int32_t* i32() const { return static_cast<std::int32_t*>(data); }
    std::uint8_t* u8() const { return static_cast<std::uint8_t*>(data); }

    // The same memory, seen with another shape of as many elements (or fewer: a prefix).
    Tensor reshaped(const Shape& other) const;
    // The first `rows` entries along the first axis.
    Tensor first_rows(std::int64_t rows) const { return reshaped(shape.with_rows(rows)); }
};

// Throws InvalidArgument ("conv2d: src is (64, 8, 8, 3), expected (64, 8, 8, 4)") unless `tensor` has this
// shape and dtype. `what` names operation and argument: "conv2d: src".
void require_shape(std::string_view what, const Tensor& tensor, const Shape& expected,
                   DType dtype = DType::f32);

}  // namespace kickdrum
