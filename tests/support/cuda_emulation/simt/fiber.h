// SPDX-License-Identifier: MIT
// Fiber: a stack that code can be left on and come back to. Made for millions of switches: on x86-64 a switch
// is a dozen instructions, elsewhere it is swapcontext. Fibers stay on the host thread that made them.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace kickdrum::emulation {

class Fiber {
 public:
    // The host thread's own stack: what the first switch leaves.
    Fiber();
    // A new stack; the first switch to it calls entry(), which must never return.
    explicit Fiber(void (*entry)());
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    // Leaves this fiber, which must be the running one, for `other`; returns when somebody switches back.
    void switch_to(Fiber& other);

 private:
    static void start();
    void arrive();

    void (*entry_)() = nullptr;
    char* memory_ = nullptr;  // a guard page, then the stack
    void* bottom_ = nullptr;
    std::size_t bytes_ = 0;
    void* sanitizer_stack_ = nullptr;
    void* sanitizer_thread_ = nullptr;
#if defined(__x86_64__)
    void* stack_pointer_ = nullptr;
#else
    ucontext_t context_{};
#endif
};

}  // namespace kickdrum::emulation
