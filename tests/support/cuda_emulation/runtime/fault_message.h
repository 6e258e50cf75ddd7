// SPDX-License-Identifier: MIT
#pragma once

namespace kickdrum::emulation {

// Lets a crash by an access to device memory say so before it ends the program: which memory, and which CUDA
// thread, or that it was the host's code. The address sanitizer has a report of its own, there it does
// nothing.
void explain_faults();

}  // namespace kickdrum::emulation
