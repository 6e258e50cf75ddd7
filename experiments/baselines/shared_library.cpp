// SPDX-License-Identifier: MIT
#include "experiments/baselines/shared_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "experiments/diagnostics.h"

namespace kickdrum {

SharedLibrary::SharedLibrary(std::string name, const std::vector<std::string>& files, std::string how_to_get)
    : name_(std::move(name)), how_to_get_(std::move(how_to_get)) {
    for (const auto& file : files) {
        handle_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle_ == nullptr) continue;
        file_ = file;
        return;
    }
    throw UserError(ExitCode::environment,
                    fmt::format("{} isn't installed, and this model needs it: {}", name_, how_to_get_));
}

void* SharedLibrary::address(const char* symbol) const {
    void* found = ::dlsym(handle_, symbol);
    if (found == nullptr) {
        throw UserError(ExitCode::environment,
                        fmt::format("{} ('{}') has no function {}: it is too old or too new; {}", name_,
                                    file_, symbol, how_to_get_));
    }
    return found;
}

}  // namespace kickdrum
