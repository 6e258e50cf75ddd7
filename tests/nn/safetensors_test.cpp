// SPDX-License-Identifier: MIT
#include "nn/formats/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

class Safetensors : public DeviceTest {
 protected:
    static void fill(Context& context, ParameterStore& store, std::uint64_t seed) {
        store.declare("conv2d_1/kernel", {3, 3, 2, 4}, ParameterKind::convolution,
                      Initializer::glorot_uniform);
        store.declare("conv2d_1/bias", {4}, ParameterKind::offset, Initializer::ones);
        store.declare("batch_norm_1/moving_mean", {4}, ParameterKind::state, Initializer::zeros);
        store.allocate(context);
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
};

TEST_P(Safetensors, RoundTrip) {
    ParameterStore saved;
    ParameterStore loaded;
    fill(context(), saved, 1);
    fill(context(), loaded, 2);
    ASSERT_NE(weights_of(saved), weights_of(loaded));
    const std::string bytes = to_safetensors(saved, {{"name", "a \"quoted\" näme"}});
    from_safetensors(bytes, loaded);
    EXPECT_EQ(weights_of(saved), weights_of(loaded));
    EXPECT_EQ(read_safetensors(bytes).metadata.at("name"), "a \"quoted\" näme");
}

// Whatever layout the device keeps: its own store gives the file that the CPU's gives, and reads it back.
TEST_P(Safetensors, EveryDeviceWritesTheSameFile) {
    Context cpu({.threads = 1});
    ParameterStore on_cpu;
    ParameterStore here;
    fill(cpu, on_cpu, 3);
    fill(context(), here, 3);
    EXPECT_EQ(to_safetensors(here, {}), to_safetensors(on_cpu, {}));
    const Parameter& kernel = here.parameters()[0];
    std::vector<float> values(static_cast<std::size_t>(kernel.shape.count()));
    std::iota(values.begin(), values.end(), 0.0F);
    here.write(kernel, values);
    EXPECT_EQ(here.read(kernel), values);
    EXPECT_EQ(here.read(kernel) == download_f32(context(), here.value(kernel)), this->on_cpu());
}

TEST_P(Safetensors, LayoutIsTheDocumentedOne) {
    ParameterStore store;
    fill(context(), store, 1);
    const std::string bytes = to_safetensors(store, {});
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ((8 + length) % 64, 0U);
    EXPECT_EQ(bytes.size(), 8 + length + (72 + 4 + 4) * sizeof(float));
    EXPECT_THAT(bytes.substr(8, length),
                HasSubstr(R"("conv2d_1/bias":{"dtype":"F32","shape":[4],"data_offsets":[288,304]})"));
}

TEST_P(Safetensors, DamagedFilesAreRefusedAndChangeNothing) {
    ParameterStore store;
    fill(context(), store, 1);
    const std::string bytes = to_safetensors(store, {});
    ParameterStore target;
    fill(context(), target, 2);
    const auto before = weights_of(target);
    EXPECT_THAT(message_of("abc", target), HasSubstr("not a safetensors file"));
    EXPECT_THAT(message_of(bytes.substr(0, 40), target), HasSubstr("its header should have"));
    EXPECT_THAT(message_of(bytes.substr(0, bytes.size() - 1), target), HasSubstr("lies outside"));
    std::string broken = bytes;
    broken[8] = '[';
    EXPECT_THAT(message_of(broken, target), HasSubstr("its header isn't JSON"));
    std::string renamed = bytes;
    renamed.replace(renamed.find("conv2d_1/bias"), 13, "conv2d_1/bIas");
    EXPECT_THAT(message_of(renamed, target), HasSubstr("no weights 'conv2d_1/bias'"));
    EXPECT_EQ(weights_of(target), before);
}

INSTANTIATE_FOR_DEVICES(Safetensors);

}  // namespace
}  // namespace kickdrum
