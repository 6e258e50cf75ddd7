// SPDX-License-Identifier: MIT
#include <array>

#include "nn/formats/hdf5_file.h"
#include "nn/formats/hdf5_handle.h"

namespace kickdrum {
namespace {

using hdf5::Handle;
using hdf5::lock_library;

constexpr std::size_t kGrowth = std::size_t{1} << 20U;

void check(herr_t result, const std::string& what) {
    require(result >= 0, "the HDF5 library can't write {}", what);
}

Handle opened(hid_t id, Handle::Close close, const std::string& what) {
    require(id >= 0, "the HDF5 library can't write {}", what);
    return {id, close};
}

// Variable length: a header holds 64 KiB, and descriptions of networks may be longer.
Handle text_type() {
    Handle type = opened(H5Tcopy(H5T_C_S1), H5Tclose, "texts");
    check(H5Tset_size(type.get(), H5T_VARIABLE), "texts");
    check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "texts");
    return type;
}

}  // namespace

struct Hdf5Writer::File {
    Handle file;

    void add(const std::string& path, hid_t type, const Shape& shape, const void* values) const {
        std::array<hsize_t, Shape::kMaxRank> extents{};
        for (int axis = 0; axis < shape.rank(); ++axis)
            extents[static_cast<std::size_t>(axis)] = static_cast<hsize_t>(shape[axis]);
        const Handle space =
            opened(shape.rank() == 0 ? H5Screate(H5S_SCALAR)
                                     : H5Screate_simple(shape.rank(), extents.data(), nullptr),
                   H5Sclose, path);
        // Without the time of day: the same model gives the same bytes.
        const Handle creation = opened(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path);
        check(H5Pset_obj_track_times(creation.get(), false), path);
        const Handle dataset = opened(
            H5Dcreate2(file.get(), path.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
            H5Dclose, path);
        if (shape.rank() == 0 || shape.count() > 0)
            check(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path);
    }

    void attribute(const std::string& path, const std::string& name, hid_t type, hid_t space,
                   const void* values) const {
        const Handle object =
            opened(H5Oopen(file.get(), path.empty() ? "/" : path.c_str(), H5P_DEFAULT), H5Oclose, path);
        const Handle attribute = opened(
            H5Acreate2(object.get(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
        check(H5Awrite(attribute.get(), type, values), name);
    }
};

Hdf5Writer::Hdf5Writer() : file_(std::make_unique<File>()) {
    const auto lock = lock_library();
    const Handle access = opened(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "a file");
    check(H5Pset_fapl_core(access.get(), kGrowth, false), "a file");
    const Handle creation = opened(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "a file");
    check(H5Pset_obj_track_times(creation.get(), false), "a file");
    file_->file =
        opened(H5Fcreate("model.h5", H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose, "a file");
}

Hdf5Writer::~Hdf5Writer() {
    const auto lock = lock_library();
    file_.reset();
}

void Hdf5Writer::group(const std::string& path) {
    const auto lock = lock_library();
    const Handle creation = opened(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, path);
    check(H5Pset_obj_track_times(creation.get(), false), path);
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        const std::string part = path.substr(0, end);
        if (H5Lexists(file_->file.get(), part.c_str(), H5P_DEFAULT) > 0) continue;
        opened(H5Gcreate2(file_->file.get(), part.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
               H5Gclose, part);
    }
}

void Hdf5Writer::text(const std::string& path, const std::string& name, const std::string& value) {
    const auto lock = lock_library();
    const Handle space = opened(H5Screate(H5S_SCALAR), H5Sclose, name);
    const char* const pointer = value.c_str();
    file_->attribute(path, name, text_type().get(), space.get(), static_cast<const void*>(&pointer));
}

void Hdf5Writer::texts(const std::string& path, const std::string& name,
                       const std::vector<std::string>& values) {
    const auto lock = lock_library();
    const hsize_t count = values.size();
    const Handle space = opened(H5Screate_simple(1, &count, nullptr), H5Sclose, name);
    std::vector<const char*> pointers;
    for (const auto& value : values) pointers.push_back(value.c_str());
    pointers.push_back(nullptr);  // the library asks for an address, also of no texts
    file_->attribute(path, name, text_type().get(), space.get(), static_cast<const void*>(pointers.data()));
}

void Hdf5Writer::dataset(const std::string& path, const Shape& shape, const std::vector<float>& values) {
    const auto lock = lock_library();
    require(std::ssize(values) == shape.count(), "{} has shape {}, but {} values", path, to_string(shape),
            values.size());
    file_->add(path, H5T_IEEE_F32LE, shape, values.data());
}

void Hdf5Writer::scalar(const std::string& path, std::int64_t value) {
    const auto lock = lock_library();
    file_->add(path, H5T_STD_I64LE, {}, &value);
}

void Hdf5Writer::scalar(const std::string& path, float value) {
    const auto lock = lock_library();
    file_->add(path, H5T_IEEE_F32LE, {}, &value);
}

std::string Hdf5Writer::bytes() {
    const auto lock = lock_library();
    check(H5Fflush(file_->file.get(), H5F_SCOPE_GLOBAL), "a file");
    const ssize_t size = H5Fget_file_image(file_->file.get(), nullptr, 0);
    require(size > 0, "the HDF5 library can't write a file");
    std::string image(static_cast<std::size_t>(size), '\0');
    require(H5Fget_file_image(file_->file.get(), image.data(), image.size()) == size,
            "the HDF5 library can't write a file");
    return image;
}

}  // namespace kickdrum
