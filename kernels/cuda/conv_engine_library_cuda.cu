// SPDX-License-Identifier: MIT
#include "kernels/cuda/conv_engine.cuh"

#include <array>
#include <optional>
#include <utility>

#include "kernels/cuda/conv_choice.cuh"
#include "kernels/cuda/engine_kernels.cuh"
#include "kernels/cuda/libraries.cuh"

namespace kickdrum::cuda {
namespace {

using Pointers = std::array<void*, 3>;

// Which tensor of the operation each of a, b and out is.
std::array<std::int64_t, 3> tensor_ids(ConvPass pass) {
    switch (pass) {
        case ConvPass::forward: return {kConvSrc, kConvWeights, kConvDst};
        case ConvPass::backward_src: return {kConvDst, kConvWeights, kConvSrc};
        default: return {kConvSrc, kConvDst, kConvWeights};
    }
}

class CudnnConvEngine : public ConvEngine {
 public:
    CudnnConvEngine(const ConvProblem& problem, ConvPlan plan)
        : ConvEngine(problem), plan_(std::move(plan)), description_(describe(problem, plan_)) {}

    std::size_t scratch_bytes() const override { return plan_.scratch_bytes(); }
    std::string_view description() const override { return description_; }

 protected:
    void do_execute(Context& context, Tensor a, Tensor b, Tensor out, Tensor scratch) override {
        const bool narrow = plan_.narrow_bytes > 0;
        const Pointers pointers{a.data, b.data, narrow ? scratch.data : out.data};
        void* const workspace = static_cast<std::byte*>(scratch.data) + plan_.narrow_bytes;
        if (!pack_ || pointers != packed_ || workspace != packed_workspace_) repack(pointers, workspace);
        KICKDRUM_CUDNN_CHECK(cudnnBackendExecute(cudnn_handle(context), plan_.plan.get(), pack_->get()));
        if (narrow) widen(context, scratch.data, out.f32(), out.count());
    }

 private:
    // A training step gives the same addresses every time: they are packed once.
    void repack(const Pointers& pointers, void* workspace) {
        pack_.reset();
        Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
        pack.set_all<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, tensor_ids(problem().pass))
            .set_all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers)
            .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace)
            .finish();
        pack_ = std::move(pack);
        packed_ = pointers;
        packed_workspace_ = workspace;
    }

    ConvPlan plan_;
    std::string description_;
    std::optional<Descriptor> pack_;
    Pointers packed_{};
    void* packed_workspace_ = nullptr;
};

}  // namespace

std::unique_ptr<ConvEngine> make_conv_engine(Context& context, const ConvProblem& problem) {
    check(problem);
    const PlanTarget target{.handle = cudnn_handle(context)};
    std::string reasons;
    auto plan = choose_conv_plan(problem, target, reasons);
    if (!plan) {
        throw DeviceError(fmt::format("cuDNN {} has no engine for the convolution {} on {}: {}",
                                      cudnnGetVersion(), to_string(problem), device_info(context).name,
                                      reasons));
    }
    return std::make_unique<CudnnConvEngine>(problem, std::move(*plan));
}

}  // namespace kickdrum::cuda
