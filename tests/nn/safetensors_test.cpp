// SPDX-License-Identifier: MIT
#include "nn/formats/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>

#include "tests/nn/network.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

class Safetensors : public testing::Test {
 protected:
    void fill(ParameterStore& store, std::uint64_t seed) {
        store.declare("conv2d_1/kernel", {3, 3, 2, 4}, ParameterKind::weights, Initializer::glorot_uniform);
        store.declare("conv2d_1/bias", {4}, ParameterKind::offset, Initializer::ones);
        store.declare("batch_norm_1/moving_mean", {4}, ParameterKind::state, Initializer::zeros);
        store.allocate(context_);
        store.initialize(seed);
    }
    static std::string message_of(std::string_view bytes, ParameterStore& store) {
        try {
            from_safetensors(bytes, store);
        } catch (const InvalidArgument& error) {
            return error.what();
        }
        return "no error";
    }

    Context context_{{.threads = 1}};
};

TEST_F(Safetensors, RoundTrip) {
    ParameterStore saved;
    ParameterStore loaded;
    fill(saved, 1);
    fill(loaded, 2);
    ASSERT_NE(weights_of(saved), weights_of(loaded));
    const std::string bytes = to_safetensors(saved, {{"name", "a \"quoted\" näme"}});
    from_safetensors(bytes, loaded);
    EXPECT_EQ(weights_of(saved), weights_of(loaded));
    EXPECT_EQ(safetensors_metadata(bytes).at("name"), "a \"quoted\" näme");
}

TEST_F(Safetensors, LayoutIsTheDocumentedOne) {
    ParameterStore store;
    fill(store, 1);
    const std::string bytes = to_safetensors(store, {});
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ((8 + length) % 64, 0U);
    EXPECT_EQ(bytes.size(), 8 + length + (72 + 4 + 4) * sizeof(float));
    EXPECT_THAT(bytes.substr(8, length),
                HasSubstr(R"("conv2d_1/bias":{"dtype":"F32","shape":[4],"data_offsets":[288,304]})"));
}

TEST_F(Safetensors, DamagedFilesAreRefusedAndChangeNothing) {
    ParameterStore store;
    fill(store, 1);
    const std::string bytes = to_safetensors(store, {});
    ParameterStore target;
    fill(target, 2);
    const auto before = weights_of(target);
    EXPECT_THAT(message_of("abc", target), HasSubstr("not a safetensors file"));
    EXPECT_THAT(message_of(bytes.substr(0, 40), target), HasSubstr("its header should have"));
    EXPECT_THAT(message_of(bytes.substr(0, bytes.size() - 1), target), HasSubstr("lies outside"));
    std::string broken = bytes;
    broken[8] = '[';
    EXPECT_THAT(message_of(broken, target), HasSubstr("its header isn't JSON"));
    std::string renamed = bytes;
    renamed.replace(renamed.find("conv2d_1/bias"), 13, "conv2d_1/bIas");
    EXPECT_THAT(message_of(renamed, target), HasSubstr("no tensor 'conv2d_1/bias'"));
    EXPECT_EQ(weights_of(target), before);
}

}  // namespace
}  // namespace kickdrum
