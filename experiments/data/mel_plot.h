// SPDX-License-Identifier: MIT
// A spectrogram for people: in colour, with a mel scale in Hz, seconds, and a bar of decibels.
#pragma once

#include <span>

#include "dsp/log_mel.h"
#include "experiments/data/pixel_text.h"

namespace kickdrum {

// Dark for 0, bright for 1.
Colour heat_colour(double share);

// db: [n_mels, frames], the lowest band first, from -top_db to 0, as LogMelPlan computes it. Every band is
// equally high. A frame spans half a hop before and after its centre.
Canvas mel_plot(std::span<const float> db, const LogMelSettings& settings);

}  // namespace kickdrum
