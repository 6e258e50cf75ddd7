// SPDX-License-Identifier: MIT
// Where checks that look at more than one key put what is wrong: at a key of the file, by its path.
#pragma once

#include <initializer_list>
#include <string>

#include "experiments/config/yaml_value.h"

namespace kickdrum {

class Complaints {
 public:
    // Both must outlive this object.
    Complaints(const YamlValue& root, Problems& problems) : root_(root), problems_(problems) {}

    // Nothing was wrong there before. A key that isn't in the file is sound.
    bool sound(const std::string& path) const;
    bool sound(std::initializer_list<const char*> paths) const;

    // At the first of the paths that is in the file, else at its beginning.
    void complain(std::initializer_list<std::string> paths, const std::string& message);

 private:
    const YamlValue& root_;
    Problems& problems_;
};

}  // namespace kickdrum
