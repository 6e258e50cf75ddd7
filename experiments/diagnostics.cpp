// SPDX-License-Identifier: MIT
#include "experiments/diagnostics.h"

#include <fmt/format.h>

namespace kickdrum {
namespace {

std::string joined(const std::vector<Diagnostic>& diagnostics) {
    std::string text;
    for (const auto& diagnostic : diagnostics) {
        if (!text.empty()) text += '\n';
        text += to_string(diagnostic);
    }
    return text;
}

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
    if (diagnostic.file.empty()) return fmt::format("error: {}", diagnostic.message);
    if (diagnostic.line == 0) return fmt::format("{}: error: {}", diagnostic.file, diagnostic.message);
    return fmt::format("{}:{}:{}: error: {}", diagnostic.file, diagnostic.line, diagnostic.column,
                       diagnostic.message);
}

UserError::UserError(ExitCode code, std::vector<Diagnostic> diagnostics)
    : std::runtime_error(joined(diagnostics)), code_(code), diagnostics_(std::move(diagnostics)) {}

UserError::UserError(ExitCode code, std::string message)
    : UserError(code, std::vector<Diagnostic>{{.message = std::move(message), .file = {}}}) {}

}  // namespace kickdrum
