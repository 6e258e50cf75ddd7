// SPDX-License-Identifier: MIT
// An op's engines for every number of clips it's called with: those of whole batches are made with the op,
// others at their first use (not while a graph is captured).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace kickdrum::cuda {

template <class Engine>
class EnginePlans {
 public:
    // make(rows, scratch limit) -> engine. `limit`: scratch of the engine for all rows.
    using Make = std::function<std::unique_ptr<Engine>(std::int64_t rows, std::size_t limit)>;

    EnginePlans(std::int64_t rows, std::size_t limit, Make make) : make_(std::move(make)) {
        auto engine = make_(rows, limit);
        scratch_bytes_ = engine->scratch_bytes();
        first_ = engine.get();
        engines_.emplace(rows, std::move(engine));
    }

    // Of every engine that will be made.
    std::size_t scratch_bytes() const { return scratch_bytes_; }
    const Engine& whole() const { return *first_; }

    Engine& at(std::int64_t rows) {
        auto found = engines_.find(rows);
        if (found == engines_.end()) found = engines_.emplace(rows, make_within(rows)).first;
        return *found->second;
    }

 private:
    // For fewer rows the library may prefer an engine that needs more scratch than was planned, and beyond
    // the limit an engine may need room for copies: the limit is lowered until both fit.
    std::unique_ptr<Engine> make_within(std::int64_t rows) const {
        for (std::size_t limit = scratch_bytes_;; limit /= 2) {
            auto engine = make_(rows, limit);
            if (engine->scratch_bytes() <= scratch_bytes_ || limit == 0) return engine;
        }
    }

    Make make_;
    std::size_t scratch_bytes_ = 0;
    Engine* first_ = nullptr;
    std::map<std::int64_t, std::unique_ptr<Engine>> engines_;
};

}  // namespace kickdrum::cuda
