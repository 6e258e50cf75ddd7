// SPDX-License-Identifier: MIT
#include "kernels/device/device_memory.h"

#include <unistd.h>

#include "kernels/device/dispatch.h"

namespace kickdrum {

std::size_t free_device_memory(Context& context) {
    return KICKDRUM_DISPATCH(context, free_device_memory(context));
}

namespace cpu {

std::size_t free_device_memory(Context&) {
    const long pages = ::sysconf(_SC_AVPHYS_PAGES);
    const long page = ::sysconf(_SC_PAGE_SIZE);
    return pages < 0 || page < 0 ? 0 : static_cast<std::size_t>(pages) * static_cast<std::size_t>(page);
}

}  // namespace cpu
}  // namespace kickdrum
