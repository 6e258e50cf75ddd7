// SPDX-License-Identifier: MIT
#include "tests/support/cuda_emulation/runtime/fault_message.h"

#include <fmt/format.h>

#include <csignal>
#include <string>

#include "tests/support/cuda_emulation/runtime/runtime.h"
#include "tests/support/cuda_emulation/simt/grid.h"
#include "tests/support/cuda_emulation/simt/sanitizer.h"

namespace kickdrum::emulation {
namespace {

// The program is about to end anyway, so this doesn't keep to what a signal handler may do.
void explain(int /*signal*/, siginfo_t* info, void* /*context*/) {
    std::signal(SIGSEGV, SIG_DFL);  // the access is tried again when this returns, and ends the program
    const std::string memory = Runtime::instance().memory.describe(info->si_addr);
    const uint3 block = running.block;
    const uint3 thread = running.thread;
    std::string text = fmt::format("emulated device: invalid access to {}", info->si_addr);
    if (!memory.empty()) text += ": " + memory;
    if (in_grid()) {
        text += fmt::format(", by block ({}, {}, {}), thread ({}, {}, {})", block.x, block.y, block.z,
                            thread.x, thread.y, thread.z);
    } else {
        text += ", by the host's code";
    }
    std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace

void explain_faults() {
    if constexpr (kAddressSanitizer || KICKDRUM_EMULATION_TSAN) return;
    struct sigaction action {};
    action.sa_sigaction = explain;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
}

}  // namespace kickdrum::emulation
