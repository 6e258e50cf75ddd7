// SPDX-License-Identifier: MIT
#include "kernels/cuda/fft_engine.cuh"
#include "kernels/cuda/libraries.cuh"

namespace kickdrum::cuda {
namespace {

class CufftEngine : public FftEngine {
 public:
    CufftEngine(Context& context, int n_fft, std::int64_t batch) : FftEngine(n_fft, batch) {
        KICKDRUM_CUFFT_CHECK(cufftCreate(&plan_.handle));
        // The caller's scratch instead of memory of cuFFT's own: set before the plan is made, it isn't even
        // allocated.
        KICKDRUM_CUFFT_CHECK(cufftSetAutoAllocation(plan_.handle, 0));
        KICKDRUM_CUFFT_CHECK(cufftSetStream(plan_.handle, stream(context)));
        long long extent = n_fft;
        const long long bins = n_fft / 2 + 1;
        long long dense_rows = 0;  // the strides are given: this only says so
        KICKDRUM_CUFFT_CHECK(cufftMakePlanMany64(plan_.handle, 1, &extent, &dense_rows, 1, n_fft, &dense_rows,
                                                 1, bins, CUFFT_R2C, batch, &scratch_bytes_));
    }

    std::size_t scratch_bytes() const override { return scratch_bytes_; }

 protected:
    void do_execute(Context&, Tensor frames, Tensor spectrum, Tensor scratch) override {
        KICKDRUM_CUFFT_CHECK(cufftSetWorkArea(plan_.handle, scratch.data));
        KICKDRUM_CUFFT_CHECK(
            cufftExecR2C(plan_.handle, frames.f32(), static_cast<cufftComplex*>(spectrum.data)));
    }

 private:
    // cuFFT's handles are numbers, so that no std::unique_ptr can hold one.
    struct Plan {
        static constexpr cufftHandle kNone = -1;
        cufftHandle handle = kNone;
        Plan() = default;
        Plan(const Plan&) = delete;
        Plan& operator=(const Plan&) = delete;
        ~Plan() {
            if (handle != kNone) cufftDestroy(handle);
        }
    };
    Plan plan_;
    std::size_t scratch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<FftEngine> make_fft_engine(Context& context, int n_fft, std::int64_t batch) {
    return std::make_unique<CufftEngine>(context, n_fft, batch);
}

}  // namespace kickdrum::cuda
