// SPDX-License-Identifier: MIT
// cuBLASLt computes column-major: a row-major matrix [rows, columns] is its [columns, rows]. out = op(a)
// op(b) is asked for as out^T = op(b)^T op(a)^T, so that the library's A is our b, its B our a, and its rows
// are our columns n.
#include "kernels/cuda/matmul_engine.cuh"

#include <array>
#include <optional>
#include <utility>

#include "kernels/cuda/engine_kernels.cuh"
#include "kernels/cuda/libraries.cuh"

namespace kickdrum::cuda {
namespace {

template <class Handle, auto kDestroy>
struct DestroyBy {
    void operator()(Handle handle) const { kDestroy(handle); }
};
template <class Handle, auto kDestroy>
using Unique = std::unique_ptr<std::remove_pointer_t<Handle>, DestroyBy<Handle, kDestroy>>;
using MatmulDesc = Unique<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Unique<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Unique<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

cudaDataType_t data_type(DType dtype) {
    return dtype == DType::bf16 ? CUDA_R_16BF : CUDA_R_32F;
}

cublasComputeType_t compute_type(const MatmulProblem& problem) {
    if (problem.operands == DType::bf16) return CUBLAS_COMPUTE_32F;
    // Pedantic: neither tensor cores nor sums of several bf16 products in place of one of floats.
    return problem.math == Math::fp32 ? CUBLAS_COMPUTE_32F_PEDANTIC : CUBLAS_COMPUTE_32F_FAST_TF32;
}

template <class T>
void set(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t name, const T& value) {
    KICKDRUM_CUBLASLT_CHECK(cublasLtMatmulDescSetAttribute(desc, name, &value, sizeof(value)));
}
template <class T>
void set(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t name, const T& value) {
    KICKDRUM_CUBLASLT_CHECK(cublasLtMatmulPreferenceSetAttribute(preference, name, &value, sizeof(value)));
}

MatmulDesc make_desc(const MatmulProblem& problem, cublasLtEpilogue_t epilogue) {
    cublasLtMatmulDesc_t raw = nullptr;
    KICKDRUM_CUBLASLT_CHECK(cublasLtMatmulDescCreate(&raw, compute_type(problem), CUDA_R_32F));
    MatmulDesc desc(raw);
    set(raw, CUBLASLT_MATMUL_DESC_TRANSA, problem.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(raw, CUBLASLT_MATMUL_DESC_TRANSB, problem.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(raw, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
    if (epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
        set(raw, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
        // Heuristics only look whether there's an address and how it's aligned; the real one comes with the
        // call.
        set(raw, CUBLASLT_MATMUL_DESC_BIAS_POINTER, reinterpret_cast<void*>(std::uintptr_t{16}));
    }
    return desc;
}

// Of a row-major matrix of this shape.
Layout make_layout(const Shape& shape, DType dtype) {
    cublasLtMatrixLayout_t raw = nullptr;
    KICKDRUM_CUBLASLT_CHECK(cublasLtMatrixLayoutCreate(&raw, data_type(dtype),
                                                       static_cast<std::uint64_t>(shape[1]),
                                                       static_cast<std::uint64_t>(shape[0]), shape[1]));
    return Layout(raw);
}

Preference make_preference(const MatmulProblem& problem) {
    cublasLtMatmulPreference_t raw = nullptr;
    KICKDRUM_CUBLASLT_CHECK(cublasLtMatmulPreferenceCreate(&raw));
    Preference preference(raw);
    set(raw, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, problem.scratch_limit);
    // Parts of a sum meet in float, in a step of their own; never in a bf16 result.
    set(raw, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    for (const auto name :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
        set(raw, name, std::uint32_t{16});
    }
    return preference;
}

// A product with what the library adds to it in its last step.
struct Plan {
    MatmulDesc desc;
    Layout a, b, out;
    cublasLtMatmulAlgo_t algorithm{};
    std::size_t workspace_bytes = 0;
};

// None where the library has no algorithm; another failure throws.
std::optional<Plan> try_plan(cublasLtHandle_t handle, const MatmulProblem& problem,
                             cublasLtEpilogue_t epilogue) {
    Plan plan{make_desc(problem, epilogue), make_layout(problem.a_shape(), problem.operands),
              make_layout(problem.b_shape(), problem.operands),
              make_layout({problem.m, problem.n}, problem.result)};
    const Preference preference = make_preference(problem);
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(handle, plan.desc.get(), plan.b.get(), plan.a.get(), plan.out.get(),
                                       plan.out.get(), preference.get(), 1, &found, &count);
    // A combination of types that the library doesn't have is an invalid value to some versions.
    if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE) return std::nullopt;
    KICKDRUM_CUBLASLT_CHECK(status);
    if (count == 0 || found.state != CUBLAS_STATUS_SUCCESS) return std::nullopt;
    plan.algorithm = found.algo;
    plan.workspace_bytes = found.workspaceSize;
    return plan;
}

int algorithm_number(const Plan& plan) {
    int number = -1;
    std::size_t written = 0;
    KICKDRUM_CUBLASLT_CHECK(cublasLtMatmulAlgoConfigGetAttribute(&plan.algorithm, CUBLASLT_ALGO_CONFIG_ID,
                                                                 &number, sizeof(number), &written));
    return number;
}

class CublasLtMatmulEngine : public MatmulEngine {
 public:
    CublasLtMatmulEngine(Context& context, const MatmulProblem& problem) : MatmulEngine(problem) {
        const cublasLtHandle_t handle = cublaslt_handle(context);
        std::optional<Plan> plan;
        if (problem.extra == MatmulExtra::bias) plan = try_plan(handle, problem, CUBLASLT_EPILOGUE_BIAS);
        // The library's A is our b.
        if (problem.extra == MatmulExtra::column_sums)
            plan = try_plan(handle, problem, CUBLASLT_EPILOGUE_BGRADA);
        fused_ = plan.has_value();
        if (!plan) plan = try_plan(handle, plain_problem(), CUBLASLT_EPILOGUE_DEFAULT);
        if (!plan) {
            throw DeviceError(fmt::format("cuBLASLt {} has no algorithm for the matrix product {} on {}",
                                          cublasLtGetVersion(), to_string(problem),
                                          device_info(context).name));
        }
        plan_ = std::move(*plan);
        description_ =
            fmt::format("cublaslt:algorithm {}{}, {:.1f} MiB", algorithm_number(plan_),
                        fused_ ? " with its extra" : "", static_cast<double>(scratch_bytes()) / (1 << 20));
    }

    std::size_t scratch_bytes() const override { return product_bytes() + plan_.workspace_bytes; }
    std::string_view description() const override { return description_; }

 protected:
    void do_execute(Context& context, Tensor a, Tensor b, Tensor extra, Tensor out, Tensor scratch) override {
        if (fused_) set(plan_.desc.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, extra.data);
        void* const product = product_bytes() > 0 ? scratch.data : out.data;
        void* const workspace = static_cast<std::byte*>(scratch.data) + product_bytes();
        const float one = 1.0F;
        const float zero = 0.0F;
        KICKDRUM_CUBLASLT_CHECK(cublasLtMatmul(cublaslt_handle(context), plan_.desc.get(), &one, b.data,
                                               plan_.b.get(), a.data, plan_.a.get(), &zero, product,
                                               plan_.out.get(), product, plan_.out.get(), &plan_.algorithm,
                                               workspace, plan_.workspace_bytes, stream(context)));
        if (fused_) return;
        if (adds_bias()) {
            const bool relu = problem().extra == MatmulExtra::bias_relu;
            add_bias(context, static_cast<const float*>(product), extra.f32(), relu, out, problem().n);
        }
        if (problem().extra == MatmulExtra::column_sums) sum_columns(context, b, extra.f32(), problem().n);
    }

 private:
    bool adds_bias() const {
        return problem().extra == MatmulExtra::bias || problem().extra == MatmulExtra::bias_relu;
    }
    // What the library computes where it doesn't compute the extra: a bias is added to the sums in float,
    // before the one rounding to bf16.
    MatmulProblem plain_problem() const {
        MatmulProblem plain = problem();
        plain.extra = MatmulExtra::none;
        if (adds_bias()) plain.result = DType::f32;
        return plain;
    }
    // Of the product in f32, where out has no room for it.
    std::size_t product_bytes() const {
        const bool apart = !fused_ && adds_bias() && problem().result == DType::bf16;
        return apart ? align_scratch(problem().m * problem().n * 4) : 0;
    }

    Plan plan_;
    bool fused_ = false;  // the library computes the extra too
    std::string description_;
};

}  // namespace

std::unique_ptr<MatmulEngine> make_matmul_engine(Context& context, const MatmulProblem& problem) {
    check(problem);
    return std::make_unique<CublasLtMatmulEngine>(context, problem);
}

}  // namespace kickdrum::cuda
