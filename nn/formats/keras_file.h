// SPDX-License-Identifier: MIT
// Models as Keras saves them: .h5 (legacy HDF5), written for Keras 2 and 3 and read of both, and .keras (the
// zip of Keras 3), read. No code in a file is ever run, and nothing but numbers and names is taken from it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nn/model/network.h"

namespace kickdrum {

struct KerasFile {
    Network network;  // with the optimiser where the file has an Adam, AdamW or SGD and its moments
    std::optional<std::string> note;  // what Kickdrum left there, in an attribute that Keras doesn't look at
};

// Compiled with the network's optimiser where there is one. `note`: any text; empty: none.
std::string to_keras_h5(const Network& network, const std::string& note);

// Throws InvalidArgument: damage, links to other places, what the network can't represent (with the layer's
// name), weights of another shape (both are named).
KerasFile read_keras_h5(std::string_view bytes);

// Whether the bytes are a zip archive.
bool is_zip(std::string_view bytes);
// The same; also where a file in the archive has a name that leads out of it.
KerasFile read_keras_zip(std::string_view bytes);

}  // namespace kickdrum
