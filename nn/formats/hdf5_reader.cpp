// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "nn/formats/hdf5_file.h"
#include "nn/formats/hdf5_handle.h"

namespace kickdrum {
namespace {

using hdf5::Handle;
using hdf5::lock_library;

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
// gzip makes at most about a thousand bytes of one.
constexpr std::uint64_t kMostExpansion = 1032;
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 30U;
constexpr int kMostChunks = 4096;  // of a list that is cut into several attributes

Handle opened(hid_t id, Handle::Close close, const std::string& what) {
    require(id >= 0, "damaged HDF5 file: '{}' can't be read", what);
    return {id, close};
}

void check(herr_t result, const std::string& what) {
    require(result >= 0, "damaged HDF5 file: '{}' can't be read", what);
}

// The library believes the sizes in a table of texts (a "GCOL" block: a header of 16 bytes, then entries of
// index, count and size): it goes round for ever where free space has none, and reads behind the table.
void require_sound_texts(std::string_view bytes) {
    constexpr std::size_t kHeader = 16;
    const auto number = [&](std::size_t at, std::size_t size) {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data() + at, size);
        return value;
    };
    for (std::size_t begin = bytes.find("GCOL\x01"); begin != std::string_view::npos;
         begin = bytes.find("GCOL\x01", begin + 1)) {
        if (bytes.size() - begin < kHeader) return;
        const std::size_t end = begin + std::min<std::uint64_t>(number(begin + 8, 8), bytes.size() - begin);
        for (std::size_t at = begin + kHeader; at < end && end - at >= kHeader;) {
            const std::uint64_t size = number(at + 8, 8);
            const bool is_free = number(at, 2) == 0;
            require(!is_free || size > 0, "damaged HDF5 file: a table of texts has an entry without bytes");
            if (is_free) break;
            require(size <= end - at - kHeader, "damaged HDF5 file: a text doesn't lie in its table");
            at += kHeader + static_cast<std::size_t>((size + 7) / 8 * 8);
        }
    }
}

// Text up to the first zero byte, at most `size` characters.
std::string text_of(const char* text, std::size_t size) {
    return {text, std::find(text, text + size, '\0')};
}

}  // namespace

struct Hdf5Reader::File {
    Handle file;
    std::size_t size = 0;

    // Whether it's there; every part of the path must be an ordinary link.
    bool has(const std::string& path) const {
        for (std::size_t end = 0; end != std::string::npos;) {
            end = path.find('/', end + 1);
            const std::string part = path.substr(0, end);
            if (part.empty()) return true;
            if (H5Lexists(file.get(), part.c_str(), H5P_DEFAULT) <= 0) return false;
            H5L_info_t info{};
            check(H5Lget_info(file.get(), part.c_str(), &info, H5P_DEFAULT), part);
            require(info.type == H5L_TYPE_HARD,
                    "'{}' is a link to another place; a model must hold its own weights", part);
        }
        return true;
    }

    Handle object(const std::string& path) const {
        require(has(path), "the file has no '{}'", path);
        return opened(H5Oopen(file.get(), path.empty() ? "/" : path.c_str(), H5P_DEFAULT), H5Oclose, path);
    }

    std::optional<std::vector<std::string>> attribute(const std::string& path,
                                                      const std::string& name) const {
        const Handle owner = object(path);
        if (H5Aexists(owner.get(), name.c_str()) <= 0) return std::nullopt;
        const Handle attribute = opened(H5Aopen(owner.get(), name.c_str(), H5P_DEFAULT), H5Aclose, name);
        const Handle type = opened(H5Aget_type(attribute.get()), H5Tclose, name);
        const Handle space = opened(H5Aget_space(attribute.get()), H5Sclose, name);
        const hssize_t count = H5Sget_simple_extent_npoints(space.get());
        require(count >= 0, "damaged HDF5 file: '{}' can't be read", name);
        if (count == 0) return std::vector<std::string>{};  // of any type: Keras writes numbers then
        require(H5Tget_class(type.get()) == H5T_STRING, "'{}' of '{}' isn't text", name, path);
        const bool variable = H5Tis_variable_str(type.get()) > 0;
        const std::size_t length = variable ? sizeof(char*) : H5Tget_size(type.get());
        require(length > 0 && static_cast<std::uint64_t>(count) <= size / length,
                "damaged HDF5 file: '{}' is larger than the file", name);
        return variable ? variable_texts(attribute, type, space, static_cast<std::size_t>(count), name)
                        : fixed_texts(attribute, type, length, static_cast<std::size_t>(count), name);
    }

    static std::vector<std::string> fixed_texts(const Handle& attribute, const Handle& type,
                                                std::size_t length, std::size_t count,
                                                const std::string& name) {
        std::string all(length * count, '\0');
        check(H5Aread(attribute.get(), type.get(), all.data()), name);
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < count; ++i) texts.push_back(text_of(all.data() + i * length, length));
        return texts;
    }

    static std::vector<std::string> variable_texts(const Handle& attribute, const Handle& type,
                                                   const Handle& space, std::size_t count,
                                                   const std::string& name) {
        std::vector<char*> pointers(count, nullptr);
        check(H5Aread(attribute.get(), type.get(), static_cast<void*>(pointers.data())), name);
        std::vector<std::string> texts;
        for (const char* pointer : pointers) texts.emplace_back(pointer == nullptr ? "" : pointer);
        H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, static_cast<void*>(pointers.data()));
        return texts;
    }

    Handle dataset(const std::string& path) const {
        require(has(path), "the file has no '{}'", path);
        Handle dataset = opened(H5Dopen2(file.get(), path.c_str(), H5P_DEFAULT), H5Dclose, path);
        const Handle type = opened(H5Dget_type(dataset.get()), H5Tclose, path);
        const H5T_class_t kind = H5Tget_class(type.get());
        require((kind == H5T_FLOAT || kind == H5T_INTEGER) && H5Tget_size(type.get()) <= sizeof(double),
                "'{}' doesn't hold numbers of at most 64 bits", path);
        const Handle creation = opened(H5Dget_create_plist(dataset.get()), H5Pclose, path);
        require(H5Pget_external_count(creation.get()) == 0 && H5Pget_layout(creation.get()) != H5D_VIRTUAL,
                "the numbers of '{}' lie in another file; a model must hold its own weights", path);
        return dataset;
    }

    Shape shape_of(const Handle& dataset, const std::string& path) const {
        const Handle space = opened(H5Dget_space(dataset.get()), H5Sclose, path);
        const int rank = H5Sget_simple_extent_ndims(space.get());
        require(rank >= 0 && rank <= Shape::kMaxRank, "'{}' has {} axes; at most {} are read", path, rank,
                static_cast<int>(Shape::kMaxRank));
        std::array<hsize_t, Shape::kMaxRank> extents{1, 1, 1, 1};
        check(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr), path);
        std::uint64_t count = 1;
        std::array<std::int64_t, Shape::kMaxRank> e{};
        for (std::size_t axis = 0; axis < extents.size(); ++axis) {
            require(
                extents[axis] <= kMostValues && (extents[axis] == 0 || count <= kMostValues / extents[axis]),
                "'{}' should have more than {} numbers", path, kMostValues);
            count *= extents[axis];
            e[axis] = static_cast<std::int64_t>(extents[axis]);
        }
        const std::uint64_t stored = H5Dget_storage_size(dataset.get());
        require(stored <= size && count <= stored * kMostExpansion,
                "'{}' should have {} numbers, but only {} bytes of them are there", path, count, stored);
        switch (rank) {
            case 4: return {e[0], e[1], e[2], e[3]};
            case 3: return {e[0], e[1], e[2]};
            case 2: return {e[0], e[1]};
            default: return {e[0]};
        }
    }
};

bool is_hdf5(std::string_view bytes) {
    return bytes.starts_with(kSignature);
}

Hdf5Reader::Hdf5Reader(std::string_view bytes) : file_(std::make_unique<File>()) {
    const auto lock = lock_library();
    require(is_hdf5(bytes), "this is no HDF5 file");
    require_sound_texts(bytes);
    const Handle access = opened(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "the file");
    check(H5Pset_fapl_core(access.get(), std::size_t{1} << 16U, false), "the file");
    // The library copies the bytes, and doesn't change them.
    check(H5Pset_file_image(access.get(), const_cast<char*>(bytes.data()), bytes.size()), "the file");
    const hid_t file = H5Fopen("model.h5", H5F_ACC_RDONLY, access.get());
    require(file >= 0, "damaged HDF5 file: its header can't be read, or it's cut off");
    file_->file = Handle(file, H5Fclose);
    file_->size = bytes.size();
}

Hdf5Reader::~Hdf5Reader() {
    const auto lock = lock_library();
    file_.reset();
}

bool Hdf5Reader::has(const std::string& path) const {
    const auto lock = lock_library();
    return file_->has(path);
}

std::optional<std::string> Hdf5Reader::text(const std::string& path, const std::string& name) const {
    const auto lock = lock_library();
    const auto texts = file_->attribute(path, name);
    if (!texts) return std::nullopt;
    require(texts->size() == 1, "'{}' of '{}' isn't one text", name, path);
    return texts->front();
}

std::optional<std::vector<std::string>> Hdf5Reader::texts(const std::string& path,
                                                          const std::string& name) const {
    const auto lock = lock_library();
    auto all = file_->attribute(path, name);
    if (all) return all;
    for (int chunk = 0; chunk < kMostChunks; ++chunk) {
        const auto part = file_->attribute(path, name + std::to_string(chunk));
        if (!part) break;
        if (!all) all.emplace();
        all->insert(all->end(), part->begin(), part->end());
    }
    return all;
}

Hdf5Reader::Dataset Hdf5Reader::dataset(const std::string& path, const Shape& expected) const {
    const auto lock = lock_library();
    const Handle dataset = file_->dataset(path);
    Dataset read{.shape = file_->shape_of(dataset, path), .values = {}};
    require(read.shape == expected, "'{}' has shape {}, the network needs {}", path, to_string(read.shape),
            to_string(expected));
    read.values.resize(static_cast<std::size_t>(read.shape.count()));
    check(H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, read.values.data()), path);
    return read;
}

double Hdf5Reader::scalar(const std::string& path) const {
    const auto lock = lock_library();
    const Handle dataset = file_->dataset(path);
    require(file_->shape_of(dataset, path).count() == 1, "'{}' isn't one number", path);
    double value = 0;
    check(H5Dread(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value), path);
    return value;
}

}  // namespace kickdrum
