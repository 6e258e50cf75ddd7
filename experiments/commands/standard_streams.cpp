// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "experiments/commands/program.h"
#include "experiments/diagnostics.h"

namespace kickdrum {

void prepare_standard_streams() {
    // A training must not die because the reader of its progress did.
    std::signal(SIGPIPE, SIG_IGN);
    // Else the next file that is opened would become stdout, and progress would be written into it.
    for (int descriptor = 0; descriptor <= 2; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
        if (::open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY) != descriptor) return;
    }
}

void print(std::string_view text) {
    errno = 0;
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if ((written && std::fflush(stdout) == 0) || errno == EPIPE) return;
    throw UserError(ExitCode::failed, fmt::format("can't write to the standard output: {}",
                                                  std::generic_category().message(errno)));
}

}  // namespace kickdrum
