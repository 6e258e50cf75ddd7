// SPDX-License-Identifier: MIT
// A library that is looked for when it is needed, so that the program runs without it. Once loaded it stays:
// libraries with threads of their own can't be unloaded safely.
#pragma once

#include <string>
#include <vector>

namespace kickdrum {

class SharedLibrary {
 public:
    // Loads the first of `files` that can be: names for the system's search, or paths. Throws UserError (exit
    // code 4) that says how to get it.
    SharedLibrary(std::string name, const std::vector<std::string>& files, std::string how_to_get);

    template <class Function>
    void load(Function*& function, const char* symbol) const {
        function = reinterpret_cast<Function*>(address(symbol));
    }
    const std::string& file() const { return file_; }

 private:
    void* address(const char* symbol) const;

    std::string name_;
    std::string how_to_get_;
    std::string file_;
    void* handle_ = nullptr;
};

}  // namespace kickdrum
