// SPDX-License-Identifier: MIT
// The label table of an experiment: which clips there are, of which class, and where they sound from.
#pragma once

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"

namespace kickdrum {

// Reads config.labels (CSV with a header) and keeps the table's order. Which rows become clips:
//   classes          the 0/1 columns of these names: rows with exactly one 1; the class is that column
//   label            one column of names: rows whose name is among `classes`, or any name if there are none
//   (the
//                    classes are then all names, sorted by their bytes)
//   neither          every row, with label 0 and no classes
// ClipTable::dropped counts the other rows. Clip::audio is <config.audio>/<id>.<known extension>
// (audio_files.h); it stays empty where there is no such file, and for all clips where config.audio is empty.
//
// With config.filename a clip's audio is the file of that column, with config.group_pattern its group follows
// from its file's name. With DataLayout::folder_per_class there is no table: see class_folders.h.
//
// Throws one UserError (exit 3) with everything that is wrong: file, header, rows, ids, classes without
// clips, and ids with two audio files.
ClipTable read_labels(const DataConfig& config);

}  // namespace kickdrum
