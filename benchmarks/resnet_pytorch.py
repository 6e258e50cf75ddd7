#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the recipe of experiments/configs/hard_techno_resnet.yaml in PyTorch, on random clips of the same shape.

    benchmarks/resnet_pytorch.py [--threads N] [--steps N]     needs torch

Prints milliseconds per training step (32 clips in two halves of 16, crops of 128 frames, masks, mixup, AdamW with
OneCycle, clipped gradients, the weights' moving average) and per clip of an evaluation (172 frames, one roll).
`kickdrum check experiments/configs/hard_techno_resnet.yaml` prints the same for Kickdrum.
"""
import argparse
import copy
import statistics
import time

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False), nn.BatchNorm2d(after))
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        return functional.relu(self.body(x) + self.shortcut(x))


def network():
    return nn.Sequential(
        nn.Conv2d(1, 24, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(24), nn.ReLU(),
        Block(24, 48), Block(48, 96), Block(96, 160),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(160, 5))


def augmented(clips, generator):
    """Rolled, cut to 128 frames, and masked: clip by clip."""
    cut = torch.empty(clips.shape[0], 1, 96, 128)
    for i, clip in enumerate(clips):
        shift = int(torch.randint(172, (1,), generator=generator))
        piece = torch.roll(clip, shift, -1)[..., :128].clone()
        for size, widest, axis in ((96, 12, 1), (128, 16, 2)):
            for _ in range(2):
                width = int(torch.randint(widest + 1, (1,), generator=generator))
                begin = int(torch.randint(size - width + 1, (1,), generator=generator))
                piece.narrow(axis, begin, width).zero_()
        cut[i] = piece
    return cut


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(1)
    clips = torch.randn(200, 1, 96, 172)
    labels = torch.randint(5, (200,))
    model = network()
    average = copy.deepcopy(model)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0}],
                                  lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=30 * 27)
    beta = torch.distributions.Beta(0.3, 0.3)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)

    def step(number):
        chosen = torch.randint(200, (32,), generator=generator)
        batch = augmented(clips[chosen], generator)
        targets = functional.one_hot(labels[chosen], 5).float()
        optimizer.zero_grad()
        for half in (slice(0, 16), slice(16, 32)):
            x, y = batch[half], targets[half]
            if number % 2 == 0:
                share = beta.sample((16,))
                share = torch.maximum(share, 1 - share)
                other = torch.randperm(16)
                x = share.view(-1, 1, 1, 1) * x + (1 - share).view(-1, 1, 1, 1) * x[other]
                y = share.view(-1, 1) * y + (1 - share).view(-1, 1) * y[other]
            (loss_of(model(x), y) / 2).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        schedule.step()
        decay = min(0.99, (1 + number) / (10 + number))
        with torch.no_grad():
            for mean, value in zip(average.state_dict().values(), model.state_dict().values()):
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - decay)

    times = []
    for number in range(options.steps + 3):
        start = time.perf_counter()
        step(number)
        times.append(1000 * (time.perf_counter() - start))
    times = times[3:]
    average.eval()
    with torch.no_grad():
        average(clips[:32])
        start = time.perf_counter()
        for first in range(0, 192, 32):
            functional.softmax(average(clips[first:first + 32]), 1)
        evaluation = 1000 * (time.perf_counter() - start) / 192
    print(f"PyTorch {torch.__version__}, {options.threads} threads: step {min(times):.1f} ms (best), "
          f"{statistics.median(times):.1f} ms (median); evaluation {evaluation:.2f} ms per clip")


if __name__ == "__main__":
    main()
