// SPDX-License-Identifier: MIT
#include <array>

#include "kernels/cuda/conv_choice.cuh"

namespace kickdrum::cuda {
namespace {

using Int64s = std::array<std::int64_t, 2>;

// cuDNN takes extents in the order n, c, h, w whatever lies next to what in memory; the strides say that.
Descriptor channels_last(ConvTensorId id, DType dtype, std::int64_t n, std::int64_t h, std::int64_t w,
                         std::int64_t c) {
    const std::array<std::int64_t, 4> extents{n, c, h, w};
    const std::array<std::int64_t, 4> strides{h * w * c, 1, w * c, c};
    Descriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    tensor.set<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .set(CUDNN_ATTR_TENSOR_DATA_TYPE, dtype == DType::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT)
        .set_all<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, extents)
        .set_all<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES, strides)
        .set<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 16)
        .finish();
    return tensor;
}

Int64s pair(const Extent2d& extent) {
    return {extent.h, extent.w};
}

Descriptor window(const ConvProblem& problem) {
    Descriptor convolution(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    convolution.set<std::int64_t>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2)
        .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
        .set_all<std::int64_t>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, pair(problem.before))
        .set_all<std::int64_t>(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, pair(problem.after))
        .set_all<std::int64_t>(CUDNN_ATTR_CONVOLUTION_DILATIONS, pair(problem.dilation))
        .set_all<std::int64_t>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, pair(problem.stride))
        .finish();
    return convolution;
}

// What the three operations call the same things.
struct OperationNames {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t window, alpha, beta, src, weights, dst;
};

OperationNames names(ConvPass pass) {
    switch (pass) {
        case ConvPass::forward:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y};
        case ConvPass::backward_src:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY};
        default:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY};
    }
}

}  // namespace

Descriptor conv_graph(const ConvProblem& x, const PlanTarget& target) {
    // Each tensor is an operand but for the pass's result.
    const auto type = [&](ConvPass result_of) { return x.pass == result_of ? x.result : x.operands; };
    const Descriptor src = channels_last(kConvSrc, type(ConvPass::backward_src), x.n, x.h, x.w, x.c);
    const Descriptor weights =
        channels_last(kConvWeights, type(ConvPass::backward_weights), x.k, x.kernel.h, x.kernel.w, x.c);
    const Descriptor dst = channels_last(kConvDst, type(ConvPass::forward), x.n, x.p, x.q, x.k);
    const OperationNames name = names(x.pass);
    Descriptor operation(name.type);
    operation.set(name.window, window(x))
        .set(name.alpha, 1.0F)
        .set(name.beta, 0.0F)
        .set(name.src, src)
        .set(name.weights, weights)
        .set(name.dst, dst)
        .finish();
    Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    if (target.handle != nullptr) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, target.handle);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation).finish();
    return graph;
}

}  // namespace kickdrum::cuda
