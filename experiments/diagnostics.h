// SPDX-License-Identifier: MIT
// Mistakes of a user, as the user reads them: what, where, what to do. All mistakes of one stage are collected and
// shown together.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace kickdrum {

// Exit codes of the program.
enum class ExitCode { done = 0, failed = 1, usage = 2, data = 3, environment = 4, interrupted = 130 };

struct Diagnostic {
    std::string message;  // what is wrong, and what to do; one or two sentences, no trailing newline
    std::string file;     // where; empty: nowhere in particular
    int line = 0;         // from 1; 0: the whole file
    int column = 0;
};

// "main.yaml:12:5: error: unknown key 'droput' in 'model' (did you mean 'dropout'?)"
std::string to_string(const Diagnostic& diagnostic);

class UserError : public std::runtime_error {
 public:
    UserError(ExitCode code, std::vector<Diagnostic> diagnostics);
    UserError(ExitCode code, std::string message);

    ExitCode code() const { return code_; }
    const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
    ExitCode code_;
    std::vector<Diagnostic> diagnostics_;
};

// Collects the mistakes of a stage.
class Problems {
 public:
    void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
    bool empty() const { return diagnostics_.empty(); }
    const std::vector<Diagnostic>& list() const { return diagnostics_; }
    // Throws a UserError with everything collected, if anything was.
    void throw_if_any(ExitCode code) const {
        if (!empty()) throw UserError(code, diagnostics_);
    }

 private:
    std::vector<Diagnostic> diagnostics_;
};

}  // namespace kickdrum
