// SPDX-License-Identifier: MIT
// ConvEngine: one pass of a convolution (conv_problem.h), planned once for one shape, executed many times.
//
// With CUDA it is an engine of cuDNN, chosen when the plan is made: compiled beforehand (nothing is compiled
// at run time), deterministic where the problem says so, within the scratch limit, and true to the problem's
// Math. Among those it is the one that cuDNN's heuristics rank first: nothing is timed, so that the same
// program on the same kind of GPU always takes the same engine. What cuDNN doesn't take as it stands (padding
// that differs on two sides, weight gradients from bf16 to f32), the engine does through a copy in its
// scratch.
//
// Making one asks the library and may take milliseconds: at construction of an op, or at the first use of
// another number of clips, never while a graph is captured. Executing allocates nothing and never waits.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "kernels/cuda/conv_problem.h"
#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

class ConvEngine {
 public:
    explicit ConvEngine(const ConvProblem& problem) : problem_(problem) {}
    virtual ~ConvEngine() = default;
    ConvEngine(const ConvEngine&) = delete;
    ConvEngine& operator=(const ConvEngine&) = delete;

    const ConvProblem& problem() const { return problem_; }
    virtual std::size_t scratch_bytes() const = 0;
    // "cudnn:forward engine 37, 0.0 MiB"
    virtual std::string_view description() const = 0;

    // Enqueues on the context's stream. Of the tensors, the number of elements and the type are checked, not
    // the shape; scratch is kArenaAlignment-aligned memory of at least scratch_bytes(), free again when the
    // call's work is done. out overlaps neither a nor b. Throws InvalidArgument for tensors that don't fit,
    // DeviceError.
    void execute(Context& context, Tensor a, Tensor b, Tensor out, Tensor scratch);

 protected:
    virtual void do_execute(Context& context, Tensor a, Tensor b, Tensor out, Tensor scratch) = 0;

 private:
    ConvProblem problem_;
};

// Throws InvalidArgument for a problem that makes no sense, DeviceError (with the library's reasons) where no
// engine of the library will do.
std::unique_ptr<ConvEngine> make_conv_engine(Context& context, const ConvProblem& problem);

}  // namespace kickdrum::cuda
