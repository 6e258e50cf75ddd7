// SPDX-License-Identifier: MIT
// np.random.RandomState(seed) as scikit-learn draws from it, number for number: the Mersenne twister, and the
// shuffles of NumPy before its Generator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace kickdrum::numpy {

class RandomState {
 public:
    explicit RandomState(std::uint32_t seed) : generator_(seed) {}

    // Fisher and Yates from the end.
    template <class T>
    void shuffle(std::vector<T>& values) {
        for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[up_to(i)]);
    }
    // A shuffled 0, 1, ... count - 1.
    std::vector<std::size_t> permutation(std::size_t count);
    // `count` of the values, without replacement.
    std::vector<std::size_t> choice(const std::vector<std::size_t>& values, std::size_t count);

 private:
    // A number from 0 to `most` (below 2^32): 32 bits are masked, and drawn again where that is too large.
    std::size_t up_to(std::size_t most);

    std::mt19937 generator_;
};

}  // namespace kickdrum::numpy
