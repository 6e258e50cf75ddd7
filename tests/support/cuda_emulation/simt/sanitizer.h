// SPDX-License-Identifier: MIT
// What the sanitizers have to be told about stacks that are switched and memory that isn't what it seems.
// Without a sanitizer all of it is nothing.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
// Of the emulation itself, the thread sanitizer is told here; its sources are compiled without.
#if defined(__SANITIZE_THREAD__) || defined(KICKDRUM_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#define KICKDRUM_EMULATION_TSAN 1
// Never inlined into what the sanitizer watches.
#define KICKDRUM_EMULATION_UNWATCHED __attribute__((no_sanitize("thread"), noinline))
#else
#define KICKDRUM_EMULATION_TSAN 0
#define KICKDRUM_EMULATION_UNWATCHED
#endif

namespace kickdrum::emulation {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
// From here on an access to these bytes is an error.
inline void forbid(void* memory, std::size_t bytes) {
    __asan_poison_memory_region(memory, bytes);
}
inline void allow(void* memory, std::size_t bytes) {
    __asan_unpoison_memory_region(memory, bytes);
}
#else
constexpr bool kAddressSanitizer = false;
inline void forbid(void* /*memory*/, std::size_t /*bytes*/) {}
inline void allow(void* /*memory*/, std::size_t /*bytes*/) {}
#endif

#if KICKDRUM_EMULATION_TSAN
// Whoever takes an order of `object` comes after all that gave one before.
inline void give_order(void* object) {
    __tsan_release(object);
}
inline void take_order(void* object) {
    __tsan_acquire(object);
}
// While one lives, the running thread's accesses are the emulation's own business.
struct Unwatched {
    Unwatched() {
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    }
    ~Unwatched() {
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    }
    Unwatched(const Unwatched&) = delete;
    Unwatched& operator=(const Unwatched&) = delete;
};
#else
inline void give_order(void* /*object*/) {}
inline void take_order(void* /*object*/) {}
struct Unwatched {
    Unwatched() {}
};
#endif

}  // namespace kickdrum::emulation
