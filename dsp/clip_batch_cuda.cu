// SPDX-License-Identifier: MIT
#include <cfloat>
#include <cstdint>

#include "dsp/clip_batch_backend.h"
#include "dsp/clip_batch_tables.h"
#include "dsp/cuda/device_table.cuh"
#include "dsp/cuda/mel_power.cuh"
#include "kernels/device/arena.h"

namespace kickdrum::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kColumnsPerBlock = 8;

struct PictureTables {
    const ColumnEntry* columns;  // [max_frames, width]
    const RowEntry* rows;
    const float* row_weights;
    int bands, height, width;
    float top_db;
};

// Of a column in shared memory: odd, so that neighbouring columns of one row lie in different banks.
__host__ __device__ constexpr int column_stride(int bands) {
    return bands | 1;
}

// 0 for the loudest to 1 at -top_db.
__device__ float grey(float power, float reference, float top_db) {
    const float db = 10 * log10f(fmaxf(power, kSmallestPower) / reference);
    return 1 - (fmaxf(db, -top_db) + top_db) / top_db;
}

// Column `entry` of one band: power points to it in the clip's first frame.
__device__ float weighted_frames(const ColumnEntry& entry, const float* power, float reference,
                                 const PictureTables& tables) {
    const float* const first = power + std::int64_t{entry.first} * tables.bands;
    float sum = entry.first_weight * grey(*first, reference, tables.top_db);
    for (int i = 1; i < entry.count; ++i) {
        const float weight = i + 1 < entry.count ? entry.inner_weight : entry.last_weight;
        sum += weight * grey(first[std::int64_t{i} * tables.bands], reference, tables.top_db);
    }
    return sum;
}

// Some columns of one clip's picture per block: narrowed along the time into shared memory, highest band
// first, then along the bands.
__global__ void __launch_bounds__(kThreads)
    picture_kernel(ClipsView clips, const float* power, const unsigned* loudest, PictureTables tables,
                   int columns_per_block, float* images) {
    KICKDRUM_DYNAMIC_SHARED(float, narrow);
    const int clip = static_cast<int>(blockIdx.y);
    const int thread = static_cast<int>(threadIdx.x);
    const int first = static_cast<int>(blockIdx.x) * columns_per_block;
    const int columns = min(columns_per_block, tables.width - first);
    const int frames = clips.frames(clip);
    const float peak = __uint_as_float(loudest[clip]);
    float* const image = images + std::int64_t{clip} * tables.height * tables.width + first;
    if (frames == 0 || !(peak <= FLT_MAX)) {
        for (int i = thread; i < columns * tables.height; i += kThreads) {
            image[std::int64_t{i / columns} * tables.width + i % columns] = __uint_as_float(0x7fffffffU);
        }
        return;
    }
    const float reference = fmaxf(peak, kSmallestPower);
    const int stride = column_stride(tables.bands);
    const float* const spectrogram = power + std::int64_t{clip} * clips.max_frames * tables.bands;
    const ColumnEntry* const entries = tables.columns + std::int64_t{frames - 1} * tables.width + first;
    for (int i = thread; i < columns * tables.bands; i += kThreads) {
        const int band = i % tables.bands;
        const int column = i / tables.bands;
        narrow[column * stride + tables.bands - 1 - band] =
            weighted_frames(entries[column], spectrogram + band, reference, tables);
    }
    __syncthreads();
    for (int i = thread; i < columns * tables.height; i += kThreads) {
        const int column = i % columns;
        const RowEntry row = tables.rows[i / columns];
        const float* source = narrow + column * stride + row.first;
        float sum = 0;
        for (int tap = row.begin; tap < row.end; ++tap) sum += tables.row_weights[tap] * *source++;
        image[std::int64_t{i / columns} * tables.width + column] = fminf(fmaxf(sum, 0.0F), 1.0F);
    }
}

std::size_t aligned(std::size_t bytes) {
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

// As many as fit into the shared memory that every kernel gets.
int columns_per_block(int bands) {
    const std::size_t column = static_cast<std::size_t>(column_stride(bands)) * sizeof(float);
    const std::size_t most = kDefaultDynamicSharedBytes / column;
    require(most >= 1, "clip_batch: n_mels can be {} at most on CUDA, got {}",
            kDefaultDynamicSharedBytes / sizeof(float) - 1, bands);
    return most < kColumnsPerBlock ? static_cast<int>(most) : kColumnsPerBlock;
}

class CudaClipBatch : public ClipBatch {
 public:
    CudaClipBatch(Context& context, const ClipBatchSpec& spec, const BandTable& bands, const RowTable& rows)
        : ClipBatch(spec),
          columns_per_block_(columns_per_block(spec.features.log_mel.n_mels)),
          mel_power_(spec.transform == ClipTransform::chain || !has_one_kernel(spec.features.log_mel.n_fft)
                         ? make_mel_power_chain(context, spec, bands)
                         : make_mel_power_one_kernel(context, spec, bands)),
          columns_(context, column_table(spec.max_frames(), spec.features.width)),
          rows_(context, rows.rows),
          row_weights_(context, rows.weights) {}

    std::size_t scratch_bytes() const override {
        return loudest_bytes() + power_bytes() + mel_power_->scratch_bytes();
    }

 protected:
    void do_execute(Context& context, Tensor samples, Tensor lengths, Tensor images,
                    Tensor scratch) override {
        const ClipFeatureSettings& features = spec().features;
        float* const power = reinterpret_cast<float*>(bytes(scratch) + loudest_bytes());
        do_mel_power(context, samples, lengths, {power, power_shape().with_rows(samples.rows())}, scratch);
        const PictureTables tables{.columns = columns_.data(),
                                   .rows = rows_.data(),
                                   .row_weights = row_weights_.data(),
                                   .bands = features.log_mel.n_mels,
                                   .height = features.height,
                                   .width = features.width,
                                   .top_db = static_cast<float>(features.log_mel.top_db)};
        const int blocks = (features.width + columns_per_block_ - 1) / columns_per_block_;
        const auto column = static_cast<std::size_t>(column_stride(tables.bands)) * sizeof(float);
        launch(context, picture_kernel,
               {.grid = dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(samples.rows())),
                .block = dim3(kThreads),
                .dynamic_shared_bytes = static_cast<std::size_t>(columns_per_block_) * column},
               view(samples, lengths), power, static_cast<const unsigned*>(scratch.data), tables,
               columns_per_block_, images.f32());
    }

    void do_mel_power(Context& context, Tensor samples, Tensor lengths, Tensor power,
                      Tensor scratch) override {
        KICKDRUM_CUDA_CHECK(cudaMemsetAsync(scratch.data, 0, loudest_bytes(), stream(context)));
        const std::size_t used = loudest_bytes() + power_bytes();
        const Tensor rest{bytes(scratch) + used,
                          {static_cast<std::int64_t>(scratch.bytes() - used)},
                          DType::u8,
                          scratch.device};
        mel_power_->enqueue(context, view(samples, lengths),
                            {power.f32(), static_cast<unsigned*>(scratch.data)}, rest);
    }

 private:
    static std::byte* bytes(Tensor scratch) { return static_cast<std::byte*>(scratch.data); }
    std::size_t loudest_bytes() const {
        return aligned(static_cast<std::size_t>(spec().clips) * sizeof(unsigned));
    }
    std::size_t power_bytes() const {
        return aligned(static_cast<std::size_t>(power_shape().count()) * sizeof(float));
    }
    ClipsView view(Tensor samples, Tensor lengths) const {
        return {.samples = samples.f32(),
                .lengths = lengths.i32(),
                .max_samples = spec().max_samples,
                .clips = static_cast<int>(samples.rows()),
                .max_frames = static_cast<int>(spec().max_frames()),
                .hop_length = spec().features.log_mel.hop_length};
    }

    int columns_per_block_;
    std::unique_ptr<MelPower> mel_power_;
    DeviceTable<ColumnEntry> columns_;
    DeviceTable<RowEntry> rows_;
    DeviceTable<float> row_weights_;
};

}  // namespace

std::unique_ptr<ClipBatch> make_clip_batch(Context& context, const ClipBatchSpec& spec) {
    // Checks the settings, and has the bands and the picture's rows.
    const ClipFeaturePlan plan(spec.features, SimdLevel::portable);
    return std::make_unique<CudaClipBatch>(context, spec, band_table(plan.log_mel().bands()),
                                           row_table(plan.picture().rows()));
}

}  // namespace kickdrum::cuda
