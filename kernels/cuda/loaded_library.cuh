// SPDX-License-Identifier: MIT
// NVIDIA's libraries are loaded when one of their functions is first called, not with the program: where one
// is missing, the program starts, computes on the CPU, and `kickdrum devices` says what to install.
// x_loaded_library_cuda.cu defines the functions of library x that we call, under their own names, and passes
// the calls on; nothing else of this program knows. A function that is missing there doesn't link.
#pragma once

#include <dlfcn.h>

#include <string>

namespace kickdrum::cuda {

class LoadedLibrary {
 public:
    // "libcudnn.so.9": looked for where the program was built to look, then where the system looks. It stays
    // loaded.
    explicit LoadedLibrary(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
        if (handle_ == nullptr) error_ = ::dlerror();
    }

    // Null where the library or the function is missing.
    template <class Function>
    Function* function(const char* name) const {
        return handle_ == nullptr ? nullptr : reinterpret_cast<Function*>(::dlsym(handle_, name));
    }
    // Why it can't be loaded; empty where it is.
    const std::string& error() const { return error_; }

 private:
    void* handle_;
    std::string error_;
};

// Why they can't be loaded; empty where they can. Kept apart per process, as the loader does.
const std::string& cudnn_error();
const std::string& cublaslt_error();
const std::string& cufft_error();

}  // namespace kickdrum::cuda

// Defines a function of the library that library() gives; `missing` is what it returns where it can't be
// called.
#define KICKDRUM_LOADED_FUNCTION(library, missing, Result, name, parameters, arguments)             \
    Result name parameters {                                                                        \
        static const auto real = library().function<std::remove_pointer_t<decltype(&name)>>(#name); \
        return real == nullptr ? (missing) : real arguments;                                        \
    }
