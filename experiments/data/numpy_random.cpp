// SPDX-License-Identifier: MIT
#include "experiments/data/numpy_random.h"

#include <numeric>

namespace kickdrum::numpy {

std::size_t RandomState::up_to(std::size_t most) {
    std::size_t mask = most;
    for (unsigned bits = 1; bits < 32; bits *= 2) mask |= mask >> bits;
    std::size_t drawn = 0;
    do {
        drawn = generator_() & mask;
    } while (drawn > most);
    return drawn;
}

std::vector<std::size_t> RandomState::permutation(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    shuffle(order);
    return order;
}

std::vector<std::size_t> RandomState::choice(const std::vector<std::size_t>& values, std::size_t count) {
    std::vector<std::size_t> chosen = permutation(values.size());
    chosen.resize(count);
    for (std::size_t& place : chosen) place = values[place];
    return chosen;
}

}  // namespace kickdrum::numpy
