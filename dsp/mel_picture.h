// SPDX-License-Identifier: MIT
// Grey pictures of a log-mel spectrogram, as librosa.display.specshow(y_axis="mel", cmap="gray_r") draws it:
// the highest band on top, loud dark. Frames are equally wide; bands are as high as on that axis
// (dsp/mel_axis.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dsp/resize_taps.h"

namespace kickdrum {

// The picture's columns from the frames.
ResizeSide picture_columns(int frames, int width);

class MelPicture {
 public:
    // height, width of the result, at least 1. Throws InvalidArgument.
    MelPicture(int n_mels, int sample_rate, int height, int width);

    int height() const { return height_; }
    int width() const { return width_; }
    // Of the picture's rows from the bands, highest first.
    const ResizeSide& rows() const { return rows_; }

    // db: [n_mels, frames], lowest band first, from -top_db to 0. image: [height, width], 1 - (db + top_db) /
    // top_db, resized by area: 0 at the loudest point, 1 at -top_db.
    void smooth(std::span<const float> db, float top_db, std::span<float> image) const;

    // The same by way of a plot of 300 x 300 pixels: grey levels 0 to 255 from the clip's loudest point to
    // its quietest, the nearest band and frame for each pixel, then cv2.resize(..., INTER_AREA) on bytes.
    void specshow_gray(std::span<const float> db, std::span<std::uint8_t> image) const;

 private:
    int n_mels_;
    int height_;
    int width_;
    ResizeSide rows_;              // of the picture from the bands, highest first
    std::vector<int> plot_bands_;  // the band of each row of the plot
};

}  // namespace kickdrum
