// SPDX-License-Identifier: MIT
// A source's samples at another rate, read and resampled by a thread of its own, some seconds ahead of who
// uses them. Memory doesn't grow with the source's length.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "experiments/predict/sample_source.h"

namespace kickdrum {

class ReadAhead {
 public:
    // `open` is called on the thread; what it throws comes out of next().
    ReadAhead(std::function<std::unique_ptr<SampleSource>()> open, int sample_rate);
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    // The next samples, waiting for them; none: the source has ended. Throws what reading threw.
    std::vector<float> next();
    // Whether next() would have to wait.
    bool would_wait() const;

 private:
    void read_all();
    bool put(std::vector<float> piece);  // false: nobody wants it any more

    std::function<std::unique_ptr<SampleSource>()> open_;
    int sample_rate_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::vector<float>> pieces_;
    std::exception_ptr error_;
    bool ended_ = false;
    bool abandoned_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace kickdrum
