// SPDX-License-Identifier: MIT
// What tests may ask of the emulated CUDA device, and do to it. There is one per process, as there is one
// driver.
//
// Environment variables, read when the program first calls the CUDA runtime:
//   KICKDRUM_EMULATION_SEED            draws the order of streams, blocks and threads (default 1)
//   KICKDRUM_EMULATION_MEMORY          bytes of device memory (default 4 GiB)
//   KICKDRUM_EMULATION_MULTIPROCESSORS (default 4)
//   KICKDRUM_EMULATION_FAIL_CALL       the n-th call of the runtime fails
//   KICKDRUM_EMULATION_FAIL_MALLOC     the n-th cudaMalloc fails
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kickdrum::emulation {

void seed(std::uint64_t seed);
void set_memory(std::size_t bytes);
void set_multiprocessors(int count);

// The n-th call from now on (1: the next one) fails with cudaErrorUnknown, once; 0: none. Calls that release
// something, or wait for work, do so nevertheless.
void fail_call_after(std::int64_t n);
// The n-th cudaMalloc from now on fails with cudaErrorMemoryAllocation, once; 0: none.
void fail_malloc_after(std::int64_t n);
// From now on every call fails with cudaErrorDevicesUnavailable, as if the card had fallen off the bus.
void lose_device();
// The same from the n-th call from now on (1: the next one); 0: not.
void lose_device_after(std::int64_t n);
// Clears what lose_device() or a kernel's error has left, and drops work that waits. A real program can't do
// this.
void restore_device();

// Since the last reset_counts().
struct Counts {
    std::int64_t calls = 0;     // of the runtime, kernel launches not counted
    std::int64_t launches = 0;  // with calls: what can fail
    std::int64_t graph_launches = 0;
    std::int64_t synchronisations = 0;  // calls that make the host wait, blocking copies among them
    std::int64_t allocations = 0;       // of device memory
    std::int64_t host_to_device = 0;    // copies
    std::int64_t device_to_host = 0;
    std::int64_t device_to_device = 0;
    std::int64_t memsets = 0;
};
Counts counts();
void reset_counts();

// What the graph that was launched last does, in the order of its capture: names of kernels without
// namespaces and template arguments, of calls of libraries ("convolution forward"), "copy" or "fill". Empty:
// none was launched.
std::vector<std::string> launched_graph();

// What the last failed kernel did wrong; empty if none failed.
std::string kernel_error();
// Device memory in use.
std::size_t bytes_in_use();
// Everything that is still alive ("2 streams, 1 event"); empty if nothing is. At the end of a program that
// isn't empty the emulation prints it and ends the program with kLeakExitCode.
std::string leaks();
constexpr int kLeakExitCode = 23;

}  // namespace kickdrum::emulation
