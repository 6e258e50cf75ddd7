// SPDX-License-Identifier: MIT
// Ctrl-C as a question that the work asks itself: the first one (or a SIGTERM) is noted, so that what is being done
// can be finished and saved; a second one ends the program as usual.
#pragma once

namespace kickdrum {

class InterruptGuard {
 public:
    InterruptGuard();   // one at a time
    ~InterruptGuard();  // the usual meaning again
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    bool interrupted() const;
};

}  // namespace kickdrum
