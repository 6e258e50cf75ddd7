// SPDX-License-Identifier: MIT
#include "experiments/config/complaints.h"

#include <algorithm>

namespace kickdrum {

bool Complaints::sound(const std::string& path) const {
    const YamlValue* value = value_at(root_, path);
    return value == nullptr || !has_problem(*value, problems_);
}

bool Complaints::sound(std::initializer_list<const char*> paths) const {
    return std::ranges::all_of(paths, [&](const char* path) { return sound(path); });
}

void Complaints::complain(std::initializer_list<std::string> paths, const std::string& message) {
    for (const std::string& path : paths) {
        if (const YamlValue* value = value_at(root_, path)) {
            problems_.add(value->problem(message));
            return;
        }
    }
    problems_.add(root_.problem(message));
}

}  // namespace kickdrum
