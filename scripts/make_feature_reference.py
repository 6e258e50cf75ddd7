#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/dsp/feature_reference.csv: what librosa says of a few signals that need no audio file.

  python3 -m venv build/librosa && build/librosa/bin/pip install librosa==0.11.0
  build/librosa/bin/python scripts/make_feature_reference.py

A row per feature of the sets `published` and `standard`, a column per signal. librosa refuses differences (delta) of fewer
than 9 frames; they are 0 here, as in Kickdrum. Beside the features: tuning, in semitones off 440 Hz. And
tests/dsp/rich_reference.csv: what the set `rich` has beside them, of one of the signals, by numpy and scipy.
"""
import warnings
from pathlib import Path

import librosa
import numpy as np
from librosa.feature import rhythm
from scipy import stats

SR = 22050


def noise(count):
    """The linear congruential generator of the test, -0.5 to 0.5."""
    state, values = 1, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(state / 2**31 - 0.5)
    return np.array(values)


def signals():
    t = np.arange(2 * SR) / SR
    impulse = np.zeros(16384)
    impulse[5000] = 1
    beat = np.mod(np.arange(6 * SR) / SR, 0.4)
    kicks = 0.7 * np.exp(-8 * beat) * np.sin(300 * np.exp(-6 * beat)) + 0.05 * noise(len(beat))
    half_silent = np.where(np.arange(len(t)) < SR, 0, 0.3 * np.sin(2 * np.pi * 452 * t))
    all_signals = {
        "silence": np.zeros(8192),
        "impulse": impulse,
        "sweep": 0.8 * np.sin(2 * np.pi * (100 * t + 2000 * t * t)),
        "clipped": np.clip(4 * np.sin(2 * np.pi * 110 * t), -1, 1),
        "one_sample": np.array([0.5]),
        "dc": np.full(8192, 0.5),
        "kicks": kicks,
        "half_silent": half_silent,
    }
    return {name: samples.astype(np.float32) for name, samples in all_signals.items()}


def delta(matrix, order):
    return librosa.feature.delta(matrix, order=order) if matrix.shape[1] >= 9 else np.zeros_like(matrix)


def published(y):
    row = {
        "chroma_stft": librosa.feature.chroma_stft(y=y, sr=SR).mean(),
        "rmse": librosa.feature.rms(y=y).mean(),
        "spec_cent": librosa.feature.spectral_centroid(y=y, sr=SR).mean(),
        "spec_bw": librosa.feature.spectral_bandwidth(y=y, sr=SR).mean(),
        "rolloff": librosa.feature.spectral_rolloff(y=y, sr=SR).mean(),
        "zcr": librosa.feature.zero_crossing_rate(y).mean(),
    }
    for number, value in enumerate(librosa.feature.mfcc(y=y, sr=SR, n_mfcc=7).mean(axis=1), 1):
        row[f"mfcc{number}"] = value
    return row


def standard(y):
    mfcc = librosa.feature.mfcc(y=y, sr=SR, n_mfcc=20)
    matrices = {
        "mfcc": mfcc,
        "mfcc_delta": delta(mfcc, 1),
        "mfcc_delta2": delta(mfcc, 2),
        "spectral_contrast": librosa.feature.spectral_contrast(y=y, sr=SR),
        "chroma_stft": librosa.feature.chroma_stft(y=y, sr=SR),
        "spectral_flatness": librosa.feature.spectral_flatness(y=y),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y, sr=SR),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=SR),
        "spectral_rolloff": librosa.feature.spectral_rolloff(y=y, sr=SR),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "rms": librosa.feature.rms(y=y),
    }
    row = {}
    for name, matrix in matrices.items():
        for r, values in enumerate(matrix):
            column = name if len(matrix) == 1 else f"{name}_{r}"
            row[f"{column}_mean"], row[f"{column}_sd"] = np.mean(values), np.std(values)
    strength = librosa.onset.onset_strength(y=y, sr=SR)
    row["onset_strength_mean"], row["onset_strength_sd"] = strength.mean(), strength.std()
    row["onset_strength_max"] = strength.max()
    row["onset_strength_median"] = np.median(strength)
    row["onset_strength_p90"] = np.percentile(strength, 90)
    row["onset_strength_max_to_mean"] = strength.max() / strength.mean() if strength.mean() > 0 else 0
    row["onsets"] = len(librosa.onset.onset_detect(onset_envelope=strength, sr=SR))
    row["tempo"] = rhythm.tempo(onset_envelope=strength, sr=SR, start_bpm=150)[0]
    row["tuning"] = librosa.estimate_tuning(S=np.abs(librosa.stft(y)) ** 2, sr=SR, bins_per_octave=12)
    return row


def correlation(a, b):
    return np.corrcoef(a, b)[0, 1]


def rich(y):
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SR)).astype(np.float64)
    bands = mel.reshape(32, 4, -1).mean(axis=1)
    row = {}
    for b, band in enumerate(bands):
        row[f"band_{b}_mean"], row[f"band_{b}_sd"] = band.mean(), band.std()
        row[f"band_{b}_p10"], row[f"band_{b}_p90"] = np.percentile(band, [10, 90])
        row[f"band_{b}_change"] = np.abs(np.diff(band)).mean()
        row[f"band_{b}_skew"], row[f"band_{b}_kurtosis"] = stats.skew(band), stats.kurtosis(band)
        row[f"band_{b}_level"] = band.mean() - bands.mean()
    for name, first, end in (("low", 0, 3), ("mid", 3, 17), ("high", 17, 32)):
        envelope = bands[first:end].mean(axis=0)
        flux = np.maximum(0, np.diff(envelope, prepend=envelope[0]))
        lags = {lag: correlation(flux[:-lag], flux[lag:]) for lag in range(2, 37, 2)}
        row |= {f"flux_{name}_lag_{lag}": value for lag, value in lags.items()}
        row[f"flux_{name}_max"] = max(lags.values())
        row[f"envelope_{name}_skew"] = stats.skew(envelope)
    length = min(bands.shape[1], 344)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    pieces = [bands[:, p * length:(p + 1) * length] for p in range(bands.shape[1] // length)]
    power = np.mean([np.abs(np.fft.rfft((x - x.mean(axis=1, keepdims=True)) * window, 512)) ** 2 for x in pieces], axis=0)
    power *= 2 / (512 * np.sum(window**2))
    hz = np.arange(257) * SR / 512 / 512
    edges = (0.4, 1, 2, 3, 4.5, 6, 8, 11, 15, 21.5)
    for m, (low, high) in enumerate(zip(edges, edges[1:])):
        energy = 10 * np.log10(1e-6 + power[:, (hz >= low) & (hz < high)].sum(axis=1))
        row |= {f"modulation_{b}_{m}": value for b, value in enumerate(energy)}
    bands = mel.reshape(16, 8, -1).mean(axis=1)
    row |= {f"together_{a}_{b}": correlation(bands[a], bands[b]) for a in range(16) for b in range(a + 1, 16)}
    row |= {f"later_{a}_{b}": correlation(bands[a, :-2], bands[b, 2:]) for a in range(16) for b in range(16)}
    return row


def write(name, rows):
    lines = ["feature," + ",".join(rows)]
    for feature in next(iter(rows.values())):
        lines.append(feature + "," + ",".join(f"{float(row[feature]):.7g}" for row in rows.values()))
    (Path(__file__).resolve().parent.parent / "tests/dsp" / name).write_text("\n".join(lines) + "\n")


def main():
    warnings.filterwarnings("ignore")
    write("feature_reference.csv", {name: published(y) | standard(y) for name, y in signals().items()})
    write("rich_reference.csv", {"kicks": rich(signals()["kicks"])})


if __name__ == "__main__":
    main()
