// SPDX-License-Identifier: MIT
#include "experiments/data/feature_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "dsp/audio_file.h"
#include "experiments/data/content_hash.h"
#include "experiments/data/content_index.h"
#include "experiments/data/feature_pack.h"
#include "experiments/diagnostics.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {
namespace {

using std::filesystem::path;

// Clips that are computed before they are saved together: what a kill may cost.
constexpr std::size_t kSaveEvery = 32;
// Clips that are read before a device computes them together.
constexpr std::size_t kTogether = 64;

std::optional<std::string> reason_against(std::span<const float> image) {
    if (std::all_of(image.begin(), image.end(), [](float value) { return std::isfinite(value); }))
        return std::nullopt;
    return "its features aren't finite; check the sound and the settings under 'features'";
}

// One call of load_features.
class Loader {
 public:
    Loader(const ClipTable& table, const FeatureRecipe& recipe, const FeatureOptions& options,
           const FeatureProgress& progress)
        : table_(table),
          recipe_(recipe),
          progress_(progress),
          pool_(options.threads > 0 ? options.threads
                                    : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))),
          files_(table.clips.size()) {
        load_.images.resize(table.clips.size() * recipe.values);
        if (options.cache.empty()) return;
        std::error_code error;  // if it can't be made, the first attempt to write says why
        std::filesystem::create_directories(options.cache, error);
        index_.emplace(options.cache / "files.index");
        pack_.emplace(options.cache, recipe.settings, recipe.values);
    }

    FeatureLoad run() {
        for_each_clip([this](std::size_t clip) { look_up(clip); });
        try {
            for_each_clip([this](std::size_t clip) { compute(clip); });
            compute_together(std::exchange(waiting_, {}));
        } catch (...) {
            save();
            throw;
        }
        save();
        save_index();
        std::sort(load_.bad.begin(), load_.bad.end(),
                  [](const auto& a, const auto& b) { return a.clip < b.clip; });
        load_.stopped = stop_;
        return std::move(load_);
    }

 private:
    struct File {
        path absolute;
        std::optional<FileStamp> stamp;
        std::optional<ContentHash> hash;
        bool is_known = false;  // to the index
        bool is_done = false;
    };

    // A clip that has been read.
    struct Waiting {
        std::size_t clip = 0;
        std::vector<float> samples;
    };

    template <class Work>
    void for_each_clip(Work work) {
        pool_.parallel_for(static_cast<std::int64_t>(files_.size()), [&](std::int64_t clip, int) {
            if (!stop_) work(static_cast<std::size_t>(clip));
        });
    }

    std::span<float> image(std::size_t clip) {
        return std::span(load_.images).subspan(clip * recipe_.values, recipe_.values);
    }

    void look_up(std::size_t clip) {
        const path& audio = table_.clips[clip].audio;
        if (audio.empty()) {
            finish_bad(clip, "there is no audio file of this name; add the file or remove the row");
            return;
        }
        File& file = files_[clip];
        if (!pack_) return;
        std::error_code error;
        file.absolute = std::filesystem::absolute(audio, error).lexically_normal();
        file.stamp = stamp_of(audio);
        if (!file.stamp) return;
        file.hash = index_->find(file.absolute, *file.stamp);
        file.is_known = file.hash.has_value();
        if (!file.hash) file.hash = content_hash_of(audio);
        if (file.hash && pack_->read(*file.hash, image(clip))) finish(clip, load_.from_cache);
    }

    // The index isn't asked for what is to be saved: a file may have changed and kept its size and time.
    static void hash_again(File& file, const path& audio) {
        const auto hash = content_hash_of(audio);
        if (hash != file.hash) file.is_known = false;
        file.hash = hash;
    }

    void compute(std::size_t clip) {
        File& file = files_[clip];
        if (file.is_done) return;
        const path& audio = table_.clips[clip].audio;
        file.stamp = stamp_of(audio);
        if (pack_ && file.stamp) hash_again(file, audio);
        std::fill(image(clip).begin(), image(clip).end(), 0.0F);
        std::vector<float> samples;
        try {
            if (recipe_.together) {
                samples = recipe_.together->read(audio, image(clip).last(recipe_.beside));
            } else {
                recipe_.compute(audio, image(clip));
            }
        } catch (const AudioError& error) {
            file.hash.reset();
            finish_bad(clip, error.what());
            return;
        }
        // Changed under our hands: these features may belong to another content than the hash.
        if (!file.stamp || file.stamp != stamp_of(audio)) file.hash.reset();
        if (recipe_.together) {
            compute_later({.clip = clip, .samples = std::move(samples)});
        } else {
            finish_if_good(clip);
        }
    }

    void compute_later(Waiting one) {
        std::vector<Waiting> full;
        {
            const std::lock_guard lock(mutex_);
            waiting_.push_back(std::move(one));
            if (waiting_.size() < kTogether) return;
            full.swap(waiting_);
        }
        compute_together(std::move(full));
    }

    // By the thread that brought the last clip; the others go on reading.
    void compute_together(std::vector<Waiting> clips) {
        if (clips.empty() || stop_) return;
        std::vector<std::vector<float>> samples;
        std::vector<std::span<float>> images;
        for (auto& one : clips) {
            samples.push_back(std::move(one.samples));
            images.push_back(image(one.clip).first(recipe_.values - recipe_.beside));
        }
        {
            const std::lock_guard lock(computing_);
            recipe_.together->compute(samples, images);
        }
        for (const auto& one : clips) finish_if_good(one.clip);
    }

    void finish_if_good(std::size_t clip) {
        if (const auto reason = reason_against(image(clip))) {
            files_[clip].hash.reset();
            finish_bad(clip, *reason);
            return;
        }
        finish(clip, load_.computed);
        if (files_[clip].hash) save_later(clip);
    }

    void finish(std::size_t clip, std::int64_t& count) {
        const std::lock_guard lock(mutex_);
        ++count;
        report(clip);
    }

    void finish_bad(std::size_t clip, std::string reason) {
        std::fill(image(clip).begin(), image(clip).end(), 0.0F);
        const std::lock_guard lock(mutex_);
        load_.bad.push_back({.clip = clip, .reason = std::move(reason)});
        report(clip);
    }

    void report(std::size_t clip) {
        files_[clip].is_done = true;
        ++done_;
        if (progress_ && !stop_ && !progress_(done_, static_cast<std::int64_t>(files_.size()))) stop_ = true;
    }

    void save_later(std::size_t clip) {
        std::vector<std::size_t> full;
        {
            const std::lock_guard lock(mutex_);
            unsaved_.push_back(clip);
            if (unsaved_.size() < kSaveEvery) return;
            full.swap(unsaved_);
        }
        save(full);
    }

    void save() { save(std::exchange(unsaved_, {})); }

    void save(const std::vector<std::size_t>& clips) {
        const std::lock_guard lock(saving_);
        if (clips.empty() || !load_.not_saved.empty()) return;
        std::vector<FeatureRecord> records;
        records.reserve(clips.size());
        for (const std::size_t clip : clips)
            records.push_back({.clip = *files_[clip].hash, .values = image(clip)});
        try {
            pack_->add(records);
        } catch (const UserError& error) {
            load_.not_saved = error.diagnostics().at(0).message;
        }
    }

    void save_index() {
        if (!index_ || !load_.not_saved.empty()) return;
        for (const File& file : files_) {
            if (file.hash && !file.is_known) index_->add(file.absolute, *file.stamp, *file.hash);
        }
        try {
            index_->save();
        } catch (const UserError& error) {
            load_.not_saved = error.diagnostics().at(0).message;
        }
    }

    const ClipTable& table_;
    const FeatureRecipe& recipe_;
    const FeatureProgress& progress_;
    std::optional<ContentIndex> index_;  // nothing: no cache
    std::optional<FeaturePack> pack_;
    ThreadPool pool_;
    std::vector<File> files_;

    FeatureLoad load_;
    std::atomic<bool> stop_{false};
    std::mutex
        mutex_;  // of done_, unsaved_, waiting_, the counts and bad clips of load_, and of calling progress_
    std::int64_t done_ = 0;
    std::vector<std::size_t> unsaved_;
    std::vector<Waiting> waiting_;  // for together
    std::mutex saving_;             // of pack_ and load_.not_saved
    std::mutex computing_;          // of calling together
};

path from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

FeatureLoad load_features(const ClipTable& table, const FeatureRecipe& recipe, const FeatureOptions& options,
                          const FeatureProgress& progress) {
    return Loader(table, recipe, options, progress).run();
}

FeatureLoad load_features(const ClipTable& table, const FeatureConfig& features,
                          const FeatureOptions& options, const FeatureProgress& progress) {
    const FeatureRecipe recipe =
        features.pixels ? picture_recipe(features) : log_mel_recipe(features, options.context);
    return load_features(table, recipe, options, progress);
}

path default_feature_cache() {
    if (const path own = from_environment("KICKDRUM_CACHE"); !own.empty()) return own;
    if (const path base = from_environment("XDG_CACHE_HOME"); !base.empty()) return base / "kickdrum";
    if (const path home = from_environment("HOME"); !home.empty()) return home / ".cache" / "kickdrum";
    return {};
}

}  // namespace kickdrum
