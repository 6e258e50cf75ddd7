// SPDX-License-Identifier: MIT
#pragma once

#include "dsp/features/feature_row.h"
#include "dsp/features/frame_pass.h"
#include "dsp/features/modulation.h"

namespace kickdrum {

// What the rich set has beside the standard one, of the mel bands in dB: statistics of 32 bands; how the
// rises of low, mid and high ones repeat; the modulation spectrum; how 16 bands go together, at once and 2
// frames later.
void add_rich(FeatureRow& row, const FrameMatrix& mel_db, const ModulationSpectrum& modulation);

}  // namespace kickdrum
