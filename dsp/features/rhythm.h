// SPDX-License-Identifier: MIT
// Onsets and tempo, as librosa finds them by default.
#pragma once

#include <span>
#include <vector>

#include "dsp/features/frame_matrix.h"

namespace kickdrum {

// How much the mel bands (in dB) rise from one frame to the next, on average over the bands; `delay` frames
// later, zero before (librosa.onset.onset_strength).
std::vector<float> onset_strength(const FrameMatrix& mel_db, int delay);

// The number of frames that stand out of their surroundings (librosa.onset.onset_detect), at
// frames_per_second.
int count_onsets(std::span<const float> strength, double frames_per_second);

// librosa.feature.tempo(start_bpm), in beats per minute: the lag at which the onsets, within a window of 8
// seconds around each frame, agree best with themselves, faster than 320 and with a log-normal preference for
// start_bpm.
double estimate_tempo(std::span<const float> strength, double frames_per_second, double start_bpm);

}  // namespace kickdrum
