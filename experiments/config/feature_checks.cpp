// SPDX-License-Identifier: MIT
// The part of config_checks.h about features.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dsp/mel_filterbank.h"
#include "experiments/config/complaints.h"
#include "experiments/config/config_checks.h"
#include "experiments/data/log_mel_recipe.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

class FeatureChecks : Complaints {
 public:
    FeatureChecks(const YamlValue& root, ExperimentConfig& config, Problems& problems)
        : Complaints(root, problems), config_(config) {}

    void all() {
        const FeatureConfig& f = config_.features;
        if (f.fmax > f.sample_rate / 2.0 && sound({"features.fmax", "features.sample_rate"})) {
            complain(
                {"features.fmax", "features.sample_rate"},
                fmt::format(
                    "'features.fmax' is {:g}, above half of the sample rate ({:g}), where there is no sound",
                    f.fmax, f.sample_rate / 2.0));
        }
        if (f.fmin >= f.fmax && sound({"features.fmin", "features.fmax"})) {
            complain(
                {"features.fmin", "features.fmax"},
                fmt::format("'features.fmin' ({:g}) must be below 'features.fmax' ({:g})", f.fmin, f.fmax));
        }
        if (f.hop_length > f.n_fft && sound({"features.hop_length", "features.n_fft"})) {
            complain(
                {"features.hop_length", "features.n_fft"},
                fmt::format("'features.hop_length' ({}) is above 'features.n_fft' ({}): samples between two "
                            "windows would be lost",
                            f.hop_length, f.n_fft));
        }
        if (f.n_fft % 2 != 0 && sound("features.n_fft")) {
            complain({"features.n_fft"}, fmt::format("'features.n_fft' is {}, but must be even", f.n_fft));
        }
        if (f.win_length > f.n_fft && sound({"features.win_length", "features.n_fft"})) {
            complain({"features.win_length"},
                     fmt::format("'features.win_length' ({}) is above 'features.n_fft' ({})", f.win_length,
                                 f.n_fft));
        }
        if (f.kind == ClipKind::mfcc && f.n_mfcc > f.n_mels &&
            sound({"features.n_mfcc", "features.n_mels"})) {
            complain(
                {"features.n_mfcc", "features.n_mels"},
                fmt::format("'features.n_mfcc' ({}) is above 'features.n_mels' ({})", f.n_mfcc, f.n_mels));
        }
        const int rows = f.kind == ClipKind::mfcc ? f.n_mfcc : f.n_mels;
        if (!f.resize && f.height != rows && sound({"features.size", "features.resize"})) {
            complain(
                {"features.size", "features.resize"},
                fmt::format(
                    "with 'features.resize: none' the picture has {} rows, not {}; write size: [{}, frames]",
                    rows, f.height, rows));
        }
        if (f.image == ImageKind::specshow_gray && (f.kind != ClipKind::log_mel || !f.resize || f.absolute) &&
            sound("features.image")) {
            complain({"features.image"},
                     "'features.image: specshow_gray' is the published picture: it needs 'kind: log_mel', "
                     "'resize: area' "
                     "and 'reference: max'");
        }
        channels();
        if (sound("features") && !f.pixels) warn_of_empty_bands();
    }

 private:
    void channels() {
        const std::vector<std::string>& names = config_.features.channels;
        const auto known = channel_names();
        if (names.empty()) complain({"features.channels"}, "'features.channels' is empty; write [value]");
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (std::ranges::find(known, names[i]) != known.end()) continue;
            complain({fmt::format("features.channels.{}", i)},
                     fmt::format("'features.channels' holds '{}'; expected one of {}{}", names[i],
                                 fmt::join(known, ", "), did_you_mean(names[i], known)));
        }
    }

    void warn_of_empty_bands() {
        const FeatureConfig& f = config_.features;
        const auto bands = mel_filterbank({.sample_rate = f.sample_rate,
                                           .n_fft = f.n_fft,
                                           .n_mels = f.n_mels,
                                           .fmin = f.fmin,
                                           .fmax = f.fmax,
                                           .scale = f.mel_scale});
        const std::size_t empty = empty_bands(bands).size();
        if (empty == 0) return;
        config_.warnings.push_back(
            fmt::format("{} of {} mel bands hear nothing, because n_fft ({}) is too short for so many; lower "
                        "features.n_mels or raise features.n_fft",
                        empty, f.n_mels, f.n_fft));
    }

    ExperimentConfig& config_;
};

}  // namespace

void check_features(const YamlValue& root, ExperimentConfig& config, Problems& problems) {
    FeatureChecks(root, config, problems).all();
}

}  // namespace kickdrum
