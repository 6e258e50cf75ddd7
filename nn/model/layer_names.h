// SPDX-License-Identifier: MIT
// Names of layers and parameters: "conv2d_1", "conv2d_2", "dense_1", ... numbered by type in the order of the file;
// inside a residual block "residual_1/body/conv2d_1". Random streams and saved weights go by these names.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

namespace kickdrum {

class LayerNames {
 public:
    explicit LayerNames(std::string prefix = {}) : prefix_(std::move(prefix)) {}

    std::string next(std::string_view type) {
        const int number = ++counts_[std::string(type)];
        return fmt::format("{}{}_{}", prefix_, type, number);
    }

 private:
    std::string prefix_;
    std::map<std::string, int> counts_;
};

}  // namespace kickdrum
