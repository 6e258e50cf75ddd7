// SPDX-License-Identifier: MIT
// Exceptions of the engine. A message names the place in the user's words ("conv2d: ..."), the values, and
// the rule.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace kickdrum {

class Error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A shape, a type or an option that an operation can't take.
class InvalidArgument : public Error {
    using Error::Error;
};

// A device, or a library for it, that is missing or failed.
class DeviceError : public Error {
    using Error::Error;
};

// The device's memory doesn't hold what was asked for.
class OutOfDeviceMemory : public DeviceError {
 public:
    OutOfDeviceMemory(std::size_t needed, std::size_t free)
        : DeviceError(fmt::format("out of device memory: {} bytes are needed, {} are free", needed, free)),
          needed_(needed),
          free_(free) {}
    std::size_t needed() const { return needed_; }  // bytes of the request that failed
    std::size_t free() const { return free_; }      // bytes that the device had left

 private:
    std::size_t needed_;
    std::size_t free_;
};

// Throws InvalidArgument with a formatted message unless `condition` holds.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> message, Args&&... args) {
    if (!condition) throw InvalidArgument(fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace kickdrum
