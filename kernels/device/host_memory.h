// SPDX-License-Identifier: MIT
#pragma once

namespace kickdrum {

// Tells glibc to keep blocks of up to 32 MiB that are freed, up to 256 MiB in all, for the next time they are
// asked for. As it comes, it soon gives them back to the kernel and has them zeroed again, page by page: a
// third of the time that decoding and resampling a clip take. For the whole process: only main() may call it,
// once. Elsewhere than on glibc it does nothing.
void keep_freed_memory();

}  // namespace kickdrum
