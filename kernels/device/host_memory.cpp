// SPDX-License-Identifier: MIT
#include "kernels/device/host_memory.h"

#include <cstdlib>  // defines __GLIBC__ where it is one

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace kickdrum {

void keep_freed_memory() {
#if defined(__GLIBC__)
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that is allowed
    ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

}  // namespace kickdrum
