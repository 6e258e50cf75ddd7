#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How hard is the demo data set? For each folder that `kickdrum demo-data` wrote: weighted F1 on the test part of
logistic regressions on the time-averaged log-mel bands, and of the experiment's CNN in PyTorch, written here anew.

Needs numpy, scikit-learn, soundfile (and scipy), torch. docs/demo_data.md has the results.
"""
import argparse
import csv
import pathlib

import numpy as np
import scipy.signal
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RATE, N_FFT, HOP, MELS = 22050, 1024, 512, 128


def mel_filters(fmin=20.0, fmax=11000.0):
    """Slaney's scale and area normalisation."""
    def to_mel(f):
        return np.where(f < 1000, f * 3 / 200, 15 + np.log(np.maximum(f, 1e-9) / 1000) / (np.log(6.4) / 27))

    mels = np.linspace(to_mel(np.array(fmin)), to_mel(np.array(fmax)), MELS + 2)
    hz = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))[:, None]
    f = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    up, down = (f - hz[:-2]) / (hz[1:-1] - hz[:-2]), (hz[2:] - f) / (hz[2:] - hz[1:-1])
    return np.maximum(0, np.minimum(up, down)) * 2 / (hz[2:] - hz[:-2])


def log_mel(file, filters):
    samples, rate = soundfile.read(file)
    if rate != RATE:
        samples = scipy.signal.resample_poly(samples, RATE, rate)
    _, _, z = scipy.signal.stft(samples, window="hann", nperseg=N_FFT, noverlap=N_FFT - HOP, padded=False,
                                scaling="psd")
    power = filters @ np.abs(z) ** 2
    return np.maximum(10 * np.log10(np.maximum(power, 1e-16) / power.max()), -80) / 80 + 1


def read(folder):
    rows = list(csv.DictReader(open(folder / "labels.csv", encoding="utf-8")))
    styles = list(rows[0])[3:]
    labels = np.array([next(i for i, s in enumerate(styles) if row[s] == "1") for row in rows])
    groups = np.array([row["spot_id"] for row in rows])
    filters = mel_filters()
    images = [log_mel(next((folder / "clips").glob(row["sample_id"] + ".*")), filters) for row in rows]
    return np.stack([i[:, : min(map(lambda x: x.shape[1], images))] for i in images]), labels, groups


def parts_of_program(results):
    """train, val, test of a results folder; its split.csv has the rows of labels.csv."""
    given = np.array([row["part"] for row in csv.DictReader(open(results / "split.csv", encoding="utf-8"))])
    return [np.flatnonzero(given == part) for part in ("train", "val", "test")]


def parts(labels, groups, by_group=True):
    """train, val, test by scikit-learn, as the experiment file says (since 1.8 it shuffles otherwise than the program,
    which keeps to 1.7); by clip where `by_group` is false."""
    def first_fold(count, y, g):
        if by_group:
            return next(StratifiedGroupKFold(count, shuffle=True, random_state=42).split(y, y, g))
        return next(KFold(count, shuffle=True, random_state=42).split(y))

    train, rest = first_fold(3, labels, groups)
    val, test = first_fold(2, labels[rest], groups[rest])
    return train, rest[val], rest[test]


def linear(features, labels, split):
    """The best test F1 over the strength of regularisation: generous to the linear model."""
    train, _, test = split
    scores = []
    for c in (0.01, 0.1, 1, 10):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000, class_weight="balanced"))
        predicted = model.fit(features[train], labels[train]).predict(features[test])
        scores.append(f1_score(labels[test], predicted, average="weighted"))
    return max(scores)


def cnn(images, labels, split, size, run, epochs=40, patience=10):
    import torch
    from torch import nn

    torch.manual_seed(run)
    x = nn.functional.adaptive_avg_pool2d(torch.tensor(images, dtype=torch.float32)[:, None], size)
    y = torch.tensor(labels)
    train, val, test = (torch.tensor(part) for part in split)
    layers, channels = [], 1
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Flatten(), nn.Linear(128 * (size[0] // 8) * (size[1] // 8), 256), nn.ReLU(), nn.Dropout(0.5),
               nn.Linear(256, 5)]
    model = nn.Sequential(*layers)
    for layer in layers:  # as Keras does
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    weights = len(train) / (5 * torch.bincount(y[train], minlength=5))
    optimizer = torch.optim.Adam(model.parameters(), eps=1e-7)
    best, best_epoch, predicted = float("inf"), 0, None
    for epoch in range(epochs):
        model.train()
        for batch in train[torch.randperm(len(train))].split(64):
            loss = nn.functional.cross_entropy(model(x[batch]), y[batch], reduction="none")
            optimizer.zero_grad()
            (loss * weights[y[batch]]).mean().backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val_loss = nn.functional.cross_entropy(model(x[val]), y[val]).item()
            if val_loss < best:
                best, best_epoch, predicted = val_loss, epoch, model(x[test]).argmax(1)
        if epoch - best_epoch >= patience:
            break
    return f1_score(labels[test], predicted, average="weighted"), best_epoch + 1, epoch + 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5, help="trainings of the CNN; 0 leaves it out")
    parser.add_argument("--size", type=int, nargs=2, default=(48, 64))
    parser.add_argument("--results", type=pathlib.Path, help="of one folder: take the split from there")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        images, labels, groups = read(folder)
        split = parts_of_program(arguments.results) if arguments.results else parts(labels, groups)
        leaking = parts(labels, groups, by_group=False)
        mean = images.mean(axis=2)
        both = np.concatenate([mean, images.std(axis=2)], axis=1)
        print(f"{folder}: {len(labels)} clips, parts {[len(p) for p in split]}")
        print(f"  linear, mean over time           {linear(mean, labels, split):.3f}")
        print(f"  linear, mean and deviation       {linear(both, labels, split):.3f}")
        print(f"  linear, mean, split by clip      {linear(mean, labels, leaking):.3f}  (leaks tracks)")
        runs = [cnn(images, labels, split, tuple(arguments.size), run) for run in range(arguments.runs)]
        if runs:
            scores = [score for score, _, _ in runs]
            print(f"  CNN, mean of {len(runs)} runs             {np.mean(scores):.3f}  "
                  f"{[round(s, 3) for s in scores]}, best epochs {[b for _, b, _ in runs]}, of {[n for _, _, n in runs]}")


main()
