// SPDX-License-Identifier: MIT
#include "kernels/ops/optimizer.h"

#include <cmath>

#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/reduce.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kFloats = kVectorSize<float>;
constexpr int kClipThreads = 256;
constexpr std::int64_t kElementsPerPiece = 4096;

// What is the same for all elements of a step.
struct AdamFactors {
    float gradient_scale;
    float alpha;  // the bias-corrected learning rate
    float decay;  // weight_decay * learning_rate
    float one_minus_beta_1;
    float one_minus_beta_2;
    float epsilon;
};

__device__ AdamFactors adam_factors(const AdamSpec& spec, const StepState& state) {
    const auto t = static_cast<double>(state.step + 1 - spec.first_step);
    const double beta_1 = spec.beta_1_by_step ? static_cast<double>(state.beta_1) : spec.beta_1;
    const double correction = sqrt(1 - pow(spec.beta_2, t)) / (1 - pow(beta_1, t));
    const double rate = static_cast<double>(state.learning_rate) * spec.rate_factor;
    return {.gradient_scale = state.gradient_scale,
            .alpha = static_cast<float>(rate * correction),
            .decay = static_cast<float>(spec.weight_decay * rate),
            .one_minus_beta_1 = static_cast<float>(1 - beta_1),
            .one_minus_beta_2 = static_cast<float>(1 - spec.beta_2),
            .epsilon = static_cast<float>(spec.epsilon)};
}

template <int kCount>
__device__ void store_shadow(bf16* shadow, std::int64_t at, const Vector<float, kCount>& weights) {
    if (shadow == nullptr) return;
    Vector<bf16, kCount> rounded;
#pragma unroll
    for (int j = 0; j < kCount; ++j) rounded[j] = from_float<bf16>(weights[j]);
    store_vector(shadow + at, rounded);
}

template <int kSize>
__global__ void adam_kernel(AdamSpec spec, const StepState* __restrict__ state, float* __restrict__ weights,
                            const float* __restrict__ gradient, float* __restrict__ m, float* __restrict__ v,
                            bf16* __restrict__ shadow, std::int64_t count) {
    KICKDRUM_SHARED(AdamFactors, shared, 1);
    if (threadIdx.x == 0) shared[0] = adam_factors(spec, *state);
    __syncthreads();
    const AdamFactors k = shared[0];
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        const auto gradients = load_vector<kCount>(gradient + at);
        auto new_weights = load_vector<kCount>(weights + at);
        auto new_m = load_vector<kCount>(m + at);
        auto new_v = load_vector<kCount>(v + at);
#pragma unroll
        for (int j = 0; j < kCount; ++j) {
            const float g = gradients[j] * k.gradient_scale;
            new_m[j] += (g - new_m[j]) * k.one_minus_beta_1;
            new_v[j] += (g * g - new_v[j]) * k.one_minus_beta_2;
            const float w = new_weights[j] - new_weights[j] * k.decay;
            new_weights[j] = w - k.alpha * new_m[j] / (sqrtf(new_v[j]) + k.epsilon);
        }
        store_vector(m + at, new_m);
        store_vector(v + at, new_v);
        store_vector(weights + at, new_weights);
        store_shadow(shadow, at, new_weights);
    });
}

// velocity: null for plain gradient descent.
template <int kSize>
__global__ void sgd_kernel(SgdSpec spec, const StepState* __restrict__ state, float* __restrict__ weights,
                           const float* __restrict__ gradient, float* __restrict__ velocity,
                           bf16* __restrict__ shadow, std::int64_t count) {
    const float scale = state->gradient_scale;
    const double exact_rate = static_cast<double>(state->learning_rate) * spec.rate_factor;
    const auto rate = static_cast<float>(exact_rate);
    const auto decay = static_cast<float>(spec.weight_decay * exact_rate);
    const auto momentum = static_cast<float>(spec.momentum);
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        const auto gradients = load_vector<kCount>(gradient + at);
        auto new_weights = load_vector<kCount>(weights + at);
        Vector<float, kCount> new_velocity = {};
        if (velocity != nullptr) new_velocity = load_vector<kCount>(velocity + at);
#pragma unroll
        for (int j = 0; j < kCount; ++j) {
            const float step = rate * (gradients[j] * scale);
            const float w = new_weights[j] - new_weights[j] * decay;
            new_velocity[j] = momentum * new_velocity[j] - step;
            // Nesterov's step looks one momentum step ahead.
            new_weights[j] = w + (spec.nesterov ? momentum * new_velocity[j] - step : new_velocity[j]);
        }
        if (velocity != nullptr) store_vector(velocity + at, new_velocity);
        store_vector(weights + at, new_weights);
        store_shadow(shadow, at, new_weights);
    });
}

// Each thread takes four elements in a row whether it loads them at once or not: the order of the sum doesn't
// depend on where the gradients lie.
template <bool kVectors>
__device__ double squares_of_four(const float* src, std::int64_t at) {
    Vector<float, kFloats> values;
    if constexpr (kVectors) {
        values = load_vector<kFloats>(src + at);
    } else {
#pragma unroll
        for (int j = 0; j < kFloats; ++j) values[j] = src[at + j];
    }
    double sum = 0;
#pragma unroll
    for (int j = 0; j < kFloats; ++j) sum += static_cast<double>(values[j]) * static_cast<double>(values[j]);
    return sum;
}

template <bool kVectors>
__global__ void square_sums_kernel(const float* __restrict__ gradients, double* __restrict__ sums,
                                   std::int64_t count) {
    const std::int64_t vectors = count / kFloats;
    double sum = 0;
    for (std::int64_t i = thread_number(); i < vectors; i += thread_count()) {
        sum += squares_of_four<kVectors>(gradients, i * kFloats);
    }
    const std::int64_t last = vectors * kFloats + thread_number();
    if (last < count) sum += static_cast<double>(gradients[last]) * static_cast<double>(gradients[last]);
    sum = block_reduce<kClipThreads>(sum, 0.0);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// One block.
__global__ void gradient_scale_kernel(const double* __restrict__ sums, int pieces, double limit,
                                      StepState* __restrict__ state) {
    double sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < pieces; i += kClipThreads) sum += sums[i];
    const double norm = sqrt(block_reduce<kClipThreads>(sum, 0.0));
    if (threadIdx.x == 0) state->gradient_scale = norm > limit ? static_cast<float>(limit / norm) : 1;
}

// Calls task(VectorSize<kFloats>) or, where memory doesn't allow it, task(VectorSize<1>).
template <class Task>
void with_float_vectors(std::initializer_list<const void*> memory, const Task& task) {
    if (fits_vectors(0, kFloats, memory)) {
        task(VectorSize<kFloats>{});
    } else {
        task(VectorSize<1>{});
    }
}

}  // namespace

void adam_step(Context& context, const AdamSpec& spec, const StepState* state, Tensor weights,
               Tensor gradient, Tensor m, Tensor v, Tensor shadow) {
    with_float_vectors({weights.data, gradient.data, m.data, v.data, shadow.data}, [&]<int kCount>(
                                                                                       VectorSize<kCount>) {
        launch(context, adam_kernel<kCount>, elements_shape(context, weights.count() / kCount), spec, state,
               weights.f32(), gradient.f32(), m.f32(), v.f32(), data_of<bf16>(shadow), weights.count());
    });
}

void sgd_step(Context& context, const SgdSpec& spec, const StepState* state, Tensor weights, Tensor gradient,
              Tensor velocity, Tensor shadow) {
    // Without momentum v = -learning_rate * g is forgotten at once; Nesterov's step is the same.
    SgdSpec step = spec;
    if (spec.momentum == 0) {
        velocity = {};
        step.nesterov = false;
    }
    with_float_vectors({weights.data, gradient.data, velocity.data, shadow.data}, [&]<int kCount>(
                                                                                      VectorSize<kCount>) {
        launch(context, sgd_kernel<kCount>, elements_shape(context, weights.count() / kCount), step, state,
               weights.f32(), gradient.f32(), velocity.f32(), data_of<bf16>(shadow), weights.count());
    });
}

void clip_by_global_norm(Context& context, double limit, Tensor gradients, Tensor scratch, StepState* state) {
    const auto most = static_cast<std::int64_t>(clip_scratch_bytes() / sizeof(double));
    const std::int64_t count = gradients.count();
    const auto pieces = static_cast<int>(std::min((count + kElementsPerPiece - 1) / kElementsPerPiece, most));
    const bool vectors = fits_vectors(0, kFloats, {gradients.data});
    launch(context, vectors ? square_sums_kernel<true> : square_sums_kernel<false>,
           {.grid = dim3(static_cast<unsigned>(pieces)), .block = dim3(kClipThreads)}, gradients.f32(),
           data_of<double>(scratch), count);
    launch(context, gradient_scale_kernel, {.grid = dim3(1), .block = dim3(kClipThreads)},
           data_of<double>(scratch), pieces, limit, state);
}

}  // namespace kickdrum::cuda
