// SPDX-License-Identifier: MIT
#include "tests/support/cuda_emulation/runtime/runtime.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/cuda_emulation/runtime/fault_message.h"

namespace kickdrum::emulation {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void lose(Runtime& runtime) {
    runtime.sticky = cudaErrorDevicesUnavailable;
    runtime.drop_work();
    for (CUstream_st* stream : runtime.streams) stream->capture = nullptr;
}

// At the end of the program, after the destructors of everything that was made after the first call.
void report_leaks() {
    const std::string leaks = kickdrum::emulation::leaks();
    if (leaks.empty()) return;
    std::fflush(stdout);
    std::fprintf(stderr, "emulated device: still alive at the end of the program: %s\n", leaks.c_str());
    std::fflush(stderr);
    _exit(kLeakExitCode);
}

}  // namespace

Runtime::Runtime()
    : random(from_environment("KICKDRUM_EMULATION_SEED", 1)),
      memory(from_environment("KICKDRUM_EMULATION_MEMORY", std::uint64_t{4} << 30U)),
      streams{&default_stream},
      multiprocessors(static_cast<int>(from_environment("KICKDRUM_EMULATION_MULTIPROCESSORS", 4))),
      calls_until_failure(static_cast<std::int64_t>(from_environment("KICKDRUM_EMULATION_FAIL_CALL", 0))),
      mallocs_until_failure(
          static_cast<std::int64_t>(from_environment("KICKDRUM_EMULATION_FAIL_MALLOC", 0))) {
    std::atexit(report_leaks);
    explain_faults();
}

Runtime& Runtime::instance() {
    // Never destroyed: handles may be released until the very end.
    static Runtime& runtime = *new Runtime;
    return runtime;
}

std::string Runtime::leaks() const {
    std::string text;
    const auto add = [&text](std::size_t count, const char* what) {
        if (count > 0)
            text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, what, count == 1 ? "" : "s");
    };
    add(memory.count(), "allocation");
    add(pinned.size(), "pinned allocation");
    add(streams.size() - 1, "stream");
    add(events.size(), "event");
    add(graphs.size(), "graph");
    add(executable_graphs.size(), "executable graph");
    return text;
}

cudaError_t& last_error() {
    static thread_local cudaError_t error = cudaSuccess;
    return error;
}

cudaError_t call(const std::function<cudaError_t(Runtime&)>& body, CallKind kind) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    ++runtime.counts.calls;
    if (runtime.calls_until_loss > 0 && --runtime.calls_until_loss == 0) lose(runtime);
    cudaError_t injected = runtime.sticky;
    if (runtime.calls_until_failure > 0 && --runtime.calls_until_failure == 0) injected = cudaErrorUnknown;
    cudaError_t error = injected;
    if (injected == cudaSuccess || kind == CallKind::done_anyway) error = body(runtime);
    if (injected != cudaSuccess) error = injected;
    if (error != cudaSuccess && error != cudaErrorNotReady) last_error() = error;
    return error;
}

void seed(std::uint64_t seed) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.random = Random(seed);
}

void set_memory(std::size_t bytes) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.memory.set_total(bytes);
}

void set_multiprocessors(int count) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.multiprocessors = count;
}

void fail_call_after(std::int64_t n) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.calls_until_failure = n;
}

void fail_malloc_after(std::int64_t n) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.mallocs_until_failure = n;
}

void lose_device() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    lose(runtime);
}

void lose_device_after(std::int64_t n) {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.calls_until_loss = n;
}

void restore_device() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.drop_work();
    runtime.sticky = cudaSuccess;
    runtime.kernel_error.clear();
    last_error() = cudaSuccess;
}

Counts counts() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    return runtime.counts;
}

void reset_counts() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    runtime.counts = {};
}

std::string kernel_error() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    return runtime.kernel_error;
}

std::size_t bytes_in_use() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    return runtime.memory.used();
}

std::string leaks() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    return runtime.leaks();
}

}  // namespace kickdrum::emulation
