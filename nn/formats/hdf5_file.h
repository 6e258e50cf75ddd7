// SPDX-License-Identifier: MIT
// HDF5 files in memory, as far as models need them: groups, texts as attributes, datasets of numbers.
// Files may come from anybody: links out of the file (soft, external), datasets whose numbers lie elsewhere
// and sizes that the file can't hold are refused. Throws InvalidArgument that names the object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/device/tensor.h"

namespace kickdrum {

bool is_hdf5(std::string_view bytes);

// Paths are "group/group/dataset", from the root; "" is the root.
class Hdf5Reader {
 public:
    // `bytes` must outlive the reader.
    explicit Hdf5Reader(std::string_view bytes);
    ~Hdf5Reader();
    Hdf5Reader(const Hdf5Reader&) = delete;
    Hdf5Reader& operator=(const Hdf5Reader&) = delete;

    bool has(const std::string& path) const;
    // A text, or a list of them, of fixed or variable length; nothing where there is no such attribute. A
    // list may be cut into name0, name1, ...
    std::optional<std::string> text(const std::string& path, const std::string& name) const;
    std::optional<std::vector<std::string>> texts(const std::string& path, const std::string& name) const;

    struct Dataset {
        Shape shape;  // (1) of a scalar
        std::vector<float> values;
    };
    // Of real numbers, or whole ones. One of another shape than `expected` is refused before it's read.
    Dataset dataset(const std::string& path, const Shape& expected) const;
    double scalar(const std::string& path) const;

 private:
    struct File;
    std::unique_ptr<File> file_;
};

class Hdf5Writer {
 public:
    Hdf5Writer();
    ~Hdf5Writer();
    Hdf5Writer(const Hdf5Writer&) = delete;
    Hdf5Writer& operator=(const Hdf5Writer&) = delete;

    // With those above it; one that is there already is left as it is.
    void group(const std::string& path);
    void text(const std::string& path, const std::string& name, const std::string& value);
    void texts(const std::string& path, const std::string& name, const std::vector<std::string>& values);
    // The group above it must be there.
    void dataset(const std::string& path, const Shape& shape, const std::vector<float>& values);
    void scalar(const std::string& path, std::int64_t value);
    void scalar(const std::string& path, float value);

    // The whole file; the writer is spent then.
    std::string bytes();

 private:
    struct File;
    std::unique_ptr<File> file_;
};

}  // namespace kickdrum
