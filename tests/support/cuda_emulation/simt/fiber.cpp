// SPDX-License-Identifier: MIT
#include "tests/support/cuda_emulation/simt/fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <new>

#include "tests/support/cuda_emulation/simt/sanitizer.h"

#if KICKDRUM_EMULATION_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)
// Saves what a call must preserve on the old stack, and takes it from the new one.
extern "C" void kickdrum_switch_stack(void** save, void* stack_pointer);
asm(R"(
.text
.type kickdrum_switch_stack, @function
kickdrum_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size kickdrum_switch_stack, . - kickdrum_switch_stack
)");
#endif

namespace kickdrum::emulation {
namespace {

constexpr std::size_t kGuardBytes = 4096;
// Frames are larger with a sanitizer.
constexpr std::size_t kStackBytes = kAddressSanitizer || KICKDRUM_EMULATION_TSAN ? 256 * 1024 : 64 * 1024;

// Stacks lie a multiple of a page apart: without an offset their tops would fight for the same few cache
// lines.
std::size_t stack_offset() {
    static thread_local std::size_t count = 0;
    return (count++ % 127) * 64;
}

thread_local Fiber* arriving = nullptr;

}  // namespace

Fiber::Fiber() {
    if constexpr (kAddressSanitizer) {
        pthread_attr_t attributes;
        pthread_getattr_np(pthread_self(), &attributes);
        pthread_attr_getstack(&attributes, &bottom_, &bytes_);
        pthread_attr_destroy(&attributes);
    }
#if KICKDRUM_EMULATION_TSAN
    sanitizer_thread_ = __tsan_get_current_fiber();
#endif
}

Fiber::Fiber(void (*entry)()) : entry_(entry), bytes_(kStackBytes) {
    void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<char*>(memory);
    mprotect(memory_, kGuardBytes, PROT_NONE);
    bottom_ = memory_ + kGuardBytes;
#if defined(__x86_64__)
    // As if start() had been called from address 0 and had then called kickdrum_switch_stack: six registers,
    // start's address, and the address that start would return to.
    void** top = reinterpret_cast<void**>(memory_ + kGuardBytes + kStackBytes - stack_offset());
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(&Fiber::start);
    for (int i = 0; i < 6; ++i) *--top = nullptr;
    stack_pointer_ = top;
#else
    getcontext(&context_);
    context_.uc_stack.ss_sp = bottom_;
    context_.uc_stack.ss_size = kStackBytes;
    context_.uc_link = nullptr;
    makecontext(&context_, &Fiber::start, 0);
#endif
#if KICKDRUM_EMULATION_TSAN
    sanitizer_thread_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
    if (memory_ == nullptr) return;
#if KICKDRUM_EMULATION_TSAN
    __tsan_destroy_fiber(sanitizer_thread_);
#endif
    allow(bottom_, bytes_);
    munmap(memory_, kGuardBytes + kStackBytes);
}

void Fiber::arrive() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(sanitizer_stack_, nullptr, nullptr);
#endif
}

void Fiber::start() {
    arriving->arrive();
    arriving->entry_();
}

void Fiber::switch_to(Fiber& other) {
    arriving = &other;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&sanitizer_stack_, other.bottom_, other.bytes_);
#endif
#if KICKDRUM_EMULATION_TSAN
    // A switch orders nothing: what CUDA threads do to each other is ordered by barriers alone.
    __tsan_switch_to_fiber(other.sanitizer_thread_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__x86_64__)
    kickdrum_switch_stack(&stack_pointer_, other.stack_pointer_);
#else
    swapcontext(&context_, &other.context_);
#endif
    arrive();
}

}  // namespace kickdrum::emulation
