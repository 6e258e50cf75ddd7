// SPDX-License-Identifier: MIT
#include "kernels/ops/optimizer.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class OptimizerTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(OptimizerTest);

// Three weights over five steps; what Keras 3.15 (TensorFlow backend) made of them stands in the tests below.
const std::vector<float> kStart = {1, -0.5F, 0.25F};
const std::array<std::vector<float>, 5> kGradients = {
    {{0.1F, -2, 1e-4F}, {0.3F, 1, -2e-4F}, {-0.2F, 0.5F, 0}, {0.05F, -0.25F, 1e-3F}, {0.4F, 0.4F, 0.4F}}};
using Trace = std::array<std::array<double, 3>, 5>;

// The weights, what the optimiser remembers, and the step.
struct State {
    explicit State(Context& context, const Shape& shape)
        : weights(context, shape),
          gradient(context, shape),
          first(context, shape),
          second(context, shape),
          state(context) {
        first.assign(std::vector<float>(static_cast<std::size_t>(shape.count()), 0));
        second.assign(std::vector<float>(static_cast<std::size_t>(shape.count()), 0));
    }
    // t counts from 1.
    const StepState* at(std::uint64_t t, float learning_rate, float gradient_scale = 1) {
        state.set({.step = t - 1, .learning_rate = learning_rate, .gradient_scale = gradient_scale});
        return state;
    }
    TestTensor weights;
    TestTensor gradient;
    TestTensor first;
    TestTensor second;
    TestState state;
};

template <class Step>
void expect_trace(Context& context, const Trace& trace, double tolerance, const Step& step) {
    State state(context, {3});
    state.weights.assign(kStart);
    for (std::size_t i = 0; i < trace.size(); ++i) {
        state.gradient.assign(kGradients[i]);
        step(state, i + 1);
        const auto weights = state.weights.values();
        for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR(static_cast<double>(weights[k]), trace[i][k], tolerance)
                << "step " << i + 1 << ", weight " << k;
        }
    }
}

TEST_P(OptimizerTest, AdamMatchesKeras) {
    const Trace trace = {{{0.9900003671646118, -0.49000006914138794, 0.24030660092830658},
                          {0.980822741985321, -0.4873367249965668, 0.24391654133796692},
                          {0.9782437086105347, -0.48672282695770264, 0.2467070370912552},
                          {0.9753794074058533, -0.4855917990207672, 0.2415567934513092},
                          {0.9697492718696594, -0.4855843186378479, 0.23609082400798798}}};
    // Keras takes 1 - beta_2^t in single precision, which moves a step of 0.01 by 4e-7.
    expect_trace(context(), trace, 1e-6, [&](State& s, std::uint64_t t) {
        adam_step(context(), {}, s.at(t, 0.01F), s.weights, s.gradient, s.first, s.second);
    });
}

// beta_1 from 0.95 down to 0.85 and back, as PyTorch's OneCycleLR moves it; the correction takes the step's own.
TEST_P(OptimizerTest, AdamTakesTheStepsBeta1) {
    const double betas[] = {0.95, 0.9, 0.85, 0.9, 0.95};
    double weight = 1;
    double m = 0;
    double v = 0;
    State state(context(), {1});
    state.weights.assign(std::vector<float>{1});
    for (std::uint64_t t = 1; t <= 5; ++t) {
        const auto g = static_cast<double>(kGradients[t - 1][0]);
        const double beta_1 = betas[t - 1];
        m = beta_1 * m + (1 - beta_1) * g;
        v = 0.999 * v + 0.001 * g * g;
        const auto n = static_cast<double>(t);
        weight -=
            0.01 * std::sqrt(1 - std::pow(0.999, n)) / (1 - std::pow(beta_1, n)) * m / (std::sqrt(v) + 1e-7);
        state.gradient.assign(std::vector<float>{kGradients[t - 1][0]});
        state.state.set({.step = t - 1, .learning_rate = 0.01F, .beta_1 = static_cast<float>(beta_1)});
        adam_step(context(), {.beta_1 = 0.5, .beta_1_by_step = true}, state.state, state.weights,
                  state.gradient, state.first, state.second);
        EXPECT_NEAR(static_cast<double>(state.weights.values()[0]), weight, 1e-6) << t;
    }
}

TEST_P(OptimizerTest, AdamWMatchesKeras) {
    const Trace trace = {{{0.9890003800392151, -0.4895000755786896, 0.2400566041469574},
                          {0.9788337349891663, -0.4863472282886505, 0.24342648684978485},
                          {0.9752758741378784, -0.4852469861507416, 0.24597355723381042},
                          {0.9714363217353821, -0.4836307168006897, 0.2405773401260376},
                          {0.9648347496986389, -0.48313960433006287, 0.2348707914352417}}};
    expect_trace(context(), trace, 1e-6, [&](State& s, std::uint64_t t) {
        adam_step(context(), {.weight_decay = 0.1}, s.at(t, 0.01F), s.weights, s.gradient, s.first, s.second);
    });
}

TEST_P(OptimizerTest, SgdMatchesKeras) {
    const Trace plain = {{{0.9900000095367432, -0.30000001192092896, 0.24999000132083893},
                          {0.9600000381469727, -0.4000000059604645, 0.25001001358032227},
                          {0.9800000190734863, -0.45000001788139343, 0.25001001358032227},
                          {0.9750000238418579, -0.42500001192092896, 0.24991001188755035},
                          {0.9350000023841858, -0.4650000035762787, 0.20991000533103943}}};
    expect_trace(context(), plain, 2e-7, [&](State& s, std::uint64_t t) {
        sgd_step(context(), {}, s.at(t, 0.1F), s.weights, s.gradient, Tensor{});
    });
}

TEST_P(OptimizerTest, SgdWithMomentumMatchesKeras) {
    const Trace trace = {{{0.9900000095367432, -0.30000001192092896, 0.24999000132083893},
                          {0.9510000348091125, -0.2200000286102295, 0.2500010132789612},
                          {0.9359000325202942, -0.19800004363059998, 0.2500109076499939},
                          {0.9173100590705872, -0.15320006012916565, 0.2499198168516159},
                          {0.8605790734291077, -0.15288007259368896, 0.20983782410621643}}};
    expect_trace(context(), trace, 2e-7, [&](State& s, std::uint64_t t) {
        sgd_step(context(), {.momentum = 0.9}, s.at(t, 0.1F), s.weights, s.gradient, s.first);
    });
}

TEST_P(OptimizerTest, NesterovMatchesKeras) {
    const Trace trace = {{{0.9810000061988831, -0.12000000476837158, 0.24998100101947784},
                          {0.9158999919891357, -0.14800001680850983, 0.2500109076499939},
                          {0.9223099946975708, -0.17820003628730774, 0.2500198185443878},
                          {0.9005789756774902, -0.11288004368543625, 0.24983783066272736},
                          {0.8095210790634155, -0.15259206295013428, 0.17376405000686646}}};
    expect_trace(context(), trace, 2e-7, [&](State& s, std::uint64_t t) {
        sgd_step(context(), {.momentum = 0.9, .nesterov = true}, s.at(t, 0.1F), s.weights, s.gradient,
                 s.first);
    });
    const Trace decayed = {{{0.9800000190734863, -0.11950001120567322, 0.24973100423812866},
                            {0.913919985294342, -0.147380530834198, 0.24951118230819702},
                            {0.919416069984436, -0.17743316292762756, 0.24927058815956116},
                            {0.8967656493186951, -0.11193574219942093, 0.24883933365345},
                            {0.8048110008239746, -0.15153582394123077, 0.17251670360565186}}};
    expect_trace(context(), decayed, 2e-7, [&](State& s, std::uint64_t t) {
        const SgdSpec spec = {.momentum = 0.9, .nesterov = true, .weight_decay = 0.01};
        sgd_step(context(), spec, s.at(t, 0.1F), s.weights, s.gradient, s.first);
    });
}

// Many weights, several pieces and a rest: against the same formulas in double precision, with a gradient
// scale.
TEST_P(OptimizerTest, AdamMatchesFormulasOnManyWeights) {
    constexpr std::int64_t kCount = 33333;
    State state(context(), {kCount});
    state.weights.randomize("w");
    std::vector<double> w, m(kCount, 0), v(kCount, 0);
    for (const float value : state.weights.values()) w.push_back(static_cast<double>(value));
    const AdamSpec spec = {.weight_decay = 0.01};
    for (std::uint64_t t = 1; t <= 4; ++t) {
        state.gradient.randomize("g", 0.1F, t);
        adam_step(context(), spec, state.at(t, 0.001F, 0.5F), state.weights, state.gradient, state.first,
                  state.second);
        const auto gradient = state.gradient.values();
        const double step = static_cast<double>(t);
        const double alpha = 0.001 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
        for (std::size_t i = 0; i < kCount; ++i) {
            const double g = 0.5 * static_cast<double>(gradient[i]);
            m[i] += (g - m[i]) * (1 - 0.9);
            v[i] += (g * g - v[i]) * (1 - 0.999);
            w[i] -= w[i] * 0.01 * 0.001;
            w[i] -= alpha * m[i] / (std::sqrt(v[i]) + 1e-7);
        }
    }
    EXPECT_LT(relative_error(state.weights.values(), w), 5e-7);
    EXPECT_LT(relative_error(state.first.values(), m), 5e-7);
    EXPECT_LT(relative_error(state.second.values(), v), 5e-7);
}

TEST_P(OptimizerTest, SgdMatchesFormulasOnManyWeights) {
    constexpr std::int64_t kCount = 33333;
    for (const SgdSpec& spec :
         {SgdSpec{.momentum = 0.8}, {.momentum = 0.8, .nesterov = true, .weight_decay = 0.5}}) {
        State state(context(), {kCount});
        state.weights.randomize("w");
        std::vector<double> w, v(kCount, 0);
        for (const float value : state.weights.values()) w.push_back(static_cast<double>(value));
        for (std::uint64_t t = 1; t <= 4; ++t) {
            state.gradient.randomize("g", 1, t);
            sgd_step(context(), spec, state.at(t, 0.01F, 0.25F), state.weights, state.gradient, state.first);
            const auto gradient = state.gradient.values();
            for (std::size_t i = 0; i < kCount; ++i) {
                const double step = 0.01 * 0.25 * static_cast<double>(gradient[i]);
                v[i] = 0.8 * v[i] - step;
                w[i] -= spec.weight_decay * 0.01 * w[i];
                w[i] += spec.nesterov ? 0.8 * v[i] - step : v[i];
            }
        }
        EXPECT_LT(relative_error(state.weights.values(), w), 5e-7);
        EXPECT_LT(relative_error(state.first.values(), v), 5e-7);
    }
}

TEST_P(OptimizerTest, SameBitsForEveryNumberOfThreads) {
    std::vector<float> expected;
    for (const int threads : {1, 2, 3}) {
        const auto other = make_context(threads);
        State state(*other, {50001});
        state.weights.randomize("w");
        state.gradient.randomize("g");
        adam_step(*other, {}, state.at(1, 0.01F), state.weights, state.gradient, state.first, state.second);
        sgd_step(*other, {.momentum = 0.9}, state.at(1, 0.01F), state.weights, state.gradient, state.first);
        if (expected.empty()) expected = state.weights.values();
        EXPECT_EQ(state.weights.values(), expected);
    }
}

// The shadow is what the weights are, rounded; nothing else changes.
TEST_P(OptimizerTest, WritesTheShadowOnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const std::int64_t count : {1, 4, 3333, 8192}) {
        State plain(context(), {count});
        State shadowed(context(), {count});
        TestTensor shadow(context(), {count}, DType::bf16);
        for (State* state : {&plain, &shadowed}) {
            state->weights.randomize("w");
            state->gradient.randomize("g");
        }
        const auto expect_rounded = [&] {
            EXPECT_EQ(shadowed.weights.values(), plain.weights.values());
            auto rounded = plain.weights.values();
            for (auto& value : rounded) value = round_to_bf16(value);
            EXPECT_EQ(shadow.values(), rounded) << count;
        };
        adam_step(context(), {}, plain.at(3, 0.01F), plain.weights, plain.gradient, plain.first,
                  plain.second);
        adam_step(context(), {}, shadowed.at(3, 0.01F), shadowed.weights, shadowed.gradient, shadowed.first,
                  shadowed.second, shadow);
        expect_rounded();
        sgd_step(context(), {.momentum = 0.9}, plain.at(3, 0.1F), plain.weights, plain.gradient, plain.first);
        sgd_step(context(), {.momentum = 0.9}, shadowed.at(3, 0.1F), shadowed.weights, shadowed.gradient,
                 shadowed.first, shadow);
        expect_rounded();
        sgd_step(context(), {}, plain.at(3, 0.1F), plain.weights, plain.gradient, Tensor{});
        sgd_step(context(), {}, shadowed.at(3, 0.1F), shadowed.weights, shadowed.gradient, Tensor{}, shadow);
        expect_rounded();
    }
}

// Memory that doesn't begin at a whole vector.
TEST_P(OptimizerTest, StepsAPartOfTheWeights) {
    State whole(context(), {1001});
    State part(context(), {1001});
    for (State* state : {&whole, &part}) {
        state->weights.randomize("w");
        state->gradient.randomize("g");
    }
    const auto from = [](const TestTensor& tensor, std::int64_t first, std::int64_t count) {
        Tensor view = tensor.tensor().reshaped({count});
        view.data = view.f32() + first;
        return view;
    };
    adam_step(context(), {}, whole.at(1, 0.01F), whole.weights, whole.gradient, whole.first, whole.second);
    const StepState* const step = part.at(1, 0.01F);
    for (const auto& [first, count] : {std::pair{0L, 3L}, {3L, 998L}}) {
        adam_step(context(), {}, step, from(part.weights, first, count), from(part.gradient, first, count),
                  from(part.first, first, count), from(part.second, first, count));
    }
    EXPECT_EQ(part.weights.values(), whole.weights.values());
    TestTensor scratch(context(), {static_cast<std::int64_t>(clip_scratch_bytes())}, DType::u8);
    TestTensor moved(context(), {1002});
    std::vector<float> gradients = {0};
    for (const float value : whole.gradient.values()) gradients.push_back(value);
    moved.assign(gradients);
    TestState state(context());
    clip_by_global_norm(context(), 1, whole.gradient, scratch, state);
    const float expected = state.get().gradient_scale;
    clip_by_global_norm(context(), 1, from(moved, 1, 1001), scratch, state);
    EXPECT_EQ(state.get().gradient_scale, expected);
}

TEST_P(OptimizerTest, ClipsByTheNormOfAllGradients) {
    // An emulated GPU is slow.
    const std::int64_t most = on_cpu() ? 1000003 : 300007;
    for (const std::int64_t count : {std::int64_t{1}, std::int64_t{7}, std::int64_t{1024}, std::int64_t{1025},
                                     std::int64_t{100001}, most}) {
        TestTensor gradient(context(), {count});
        TestTensor scratch(context(), {static_cast<std::int64_t>(clip_scratch_bytes())}, DType::u8);
        scratch.assign(std::vector<std::uint8_t>(clip_scratch_bytes(), 0xff));  // NaN, should it be read
        TestState state(context());
        double squares = 0;
        for (const float value : gradient.randomize("g").values())
            squares += static_cast<double>(value) * static_cast<double>(value);
        const double norm = std::sqrt(squares);
        clip_by_global_norm(context(), 0.25 * norm, gradient, scratch, state);
        EXPECT_NEAR(static_cast<double>(state.get().gradient_scale), 0.25, 1e-7) << count;
        clip_by_global_norm(context(), 1.001 * norm, gradient, scratch, state);
        EXPECT_EQ(state.get().gradient_scale, 1) << count;
    }
}

TEST_P(OptimizerTest, ClipsWithTheSameBitsForEveryNumberOfThreads) {
    TestTensor gradient(context(), {300007});
    TestTensor scratch(context(), {static_cast<std::int64_t>(clip_scratch_bytes())}, DType::u8);
    gradient.randomize("g");
    TestState state(context());
    std::vector<float> scales;
    for (const int threads : {1, 2, 3}) {
        clip_by_global_norm(*make_context(threads), 1, gradient, scratch, state);
        scales.push_back(state.get().gradient_scale);
    }
    EXPECT_EQ(scales[0], scales[1]);
    EXPECT_EQ(scales[0], scales[2]);
}

TEST_P(OptimizerTest, AllocatesNothing) {
    State state(context(), {1000});
    state.weights.randomize("w");
    state.gradient.randomize("g");
    const StepState* const step = state.at(1, 0.1F);
    TestTensor scratch(context(), {static_cast<std::int64_t>(clip_scratch_bytes())}, DType::u8);
    context().freeze();
    EXPECT_NO_THROW(clip_by_global_norm(context(), 1, state.gradient, scratch, state.state));
    EXPECT_NO_THROW(adam_step(context(), {}, step, state.weights, state.gradient, state.first, state.second));
    EXPECT_NO_THROW(sgd_step(context(), {}, step, state.weights, state.gradient, Tensor{}));
}

TEST_P(OptimizerTest, RejectsWhatDoesNotFit) {
    State state(context(), {10});
    TestTensor nine(context(), {9});
    const auto adam = [&](const AdamSpec& spec, const StepState* step, const Tensor& gradient) {
        adam_step(context(), spec, step, state.weights, gradient, state.first, state.second);
    };
    const StepState* const step = state.at(1, 0.1F);
    EXPECT_THROW(adam({}, step, nine), InvalidArgument);
    EXPECT_THROW(adam({}, nullptr, state.gradient), InvalidArgument);
    EXPECT_THROW(adam({.beta_1 = 1}, step, state.gradient), InvalidArgument);
    EXPECT_THROW(adam({.beta_2 = -0.1}, step, state.gradient), InvalidArgument);
    EXPECT_THROW(sgd_step(context(), {.momentum = 0.9}, step, state.weights, state.gradient, Tensor{}),
                 InvalidArgument);
    EXPECT_THROW(sgd_step(context(), {.momentum = 2}, step, state.weights, state.gradient, state.first),
                 InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
