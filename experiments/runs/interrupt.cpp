// SPDX-License-Identifier: MIT
#include "experiments/runs/interrupt.h"

#include <atomic>
#include <csignal>

namespace kickdrum {
namespace {

// A signal handler can reach nothing but static memory.
std::atomic<bool> g_interrupted{false};

extern "C" void note_interrupt(int signal) {
    g_interrupted.store(true);
    std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
    g_interrupted.store(false);
    std::signal(SIGINT, note_interrupt);
    std::signal(SIGTERM, note_interrupt);
}

InterruptGuard::~InterruptGuard() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::interrupted() const {
    return g_interrupted.load();
}

}  // namespace kickdrum
