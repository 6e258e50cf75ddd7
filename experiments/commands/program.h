// SPDX-License-Identifier: MIT
// The program as a function: from the words of the command line to the exit code. Errors are printed to
// stderr, each as one line that begins with "error:" or with the place that is to blame.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

// `words` without the program's own name.
int run_program(const std::vector<std::string>& words);

// Makes closed standard streams and broken pipes harmless. To be called before anything is opened.
void prepare_standard_streams();

// Writes to stdout. Throws UserError (exit code 1) where the text can't be written; a reader that has gone
// away
// (`kickdrum schema | head`) is no error.
void print(std::string_view text);

}  // namespace kickdrum
