#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Predicts a training step on a GPU from an experiment file: every node of the step's graph with its bytes and FLOP.

    benchmarks/roofline.py EXPERIMENT.yaml [--math fp32|tf32|bf16] [--batch N] [--size H W] [--classes N] [--markdown FILE | --check FILE]

A node's time is the larger of bytes / memory bandwidth and FLOP / arithmetic peak: a lower bound, since neither is ever
reached and launches cost time too. Bytes are those that must cross the memory bus once if nothing stays in the L2 cache.
Second stages of sums, which are tiny, are left out. A call of a library counts as one node, though it may launch
more than one kernel. Nothing here was measured: the peaks are the manufacturers'
figures for dense arithmetic without sparsity.
Needs PyYAML (Debian: python3-yaml).
"""

import argparse
import math
import sys
from pathlib import Path
from typing import NamedTuple

import yaml


class Gpu(NamedTuple):
    name: str
    bytes_per_second: float
    flops: dict[str, float]  # by math


# Data sheets: memory bandwidth; FP32 without tensor cores, TF32 and BF16 on them.
GPUS = [
    Gpu("A100 80 GB", 2.04e12, {"fp32": 19.5e12, "tf32": 156e12, "bf16": 312e12}),
    Gpu("H100 SXM", 3.35e12, {"fp32": 67e12, "tf32": 495e12, "bf16": 990e12}),
    Gpu("H200 SXM", 4.8e12, {"fp32": 67e12, "tf32": 495e12, "bf16": 990e12}),
    Gpu("B200", 8.0e12, {"fp32": 80e12, "tf32": 1125e12, "bf16": 2250e12}),
]
FUSED_CHANNELS = 4  # up to so many input channels, a block of convolution and pooling is one kernel
FEW_OUTPUTS, FEW_INPUTS = 32, 4096  # up to these, a dense layer without ReLU is a kernel of ours


class Node(NamedTuple):
    name: str
    launch: str  # the kernel, or the library's call
    bytes: int
    flops: int = 0
    on_tensor_cores: bool = False


class Step:
    """The nodes of one step, as the CUDA backend launches them: tests/cuda_emulation/launch_list_test.cpp holds the
    column "launch" against a captured step."""

    def __init__(self, batch: int, height: int, width: int, math_mode: str):
        self.batch = batch
        self.half = math_mode == "bf16"
        self.size = 2 if self.half else 4  # bytes of an activation or an operand
        self.shape = (height, width, 1)
        self.forward: list[Node] = []
        self.backward: list[list[Node]] = []  # of each layer; run in reverse
        self.parameters = 0
        self.first = True  # reads the dataset, and its input needs no gradient

    def count(self, shape) -> int:
        return self.batch * math.prod(shape)

    def conv_block(self, name: str, filters: int, same: bool):
        h, w, c = self.shape
        p, q = (h, w) if same else (h - 2, w - 2)
        weights = 9 * c * filters
        src, full, dst = self.count(self.shape), self.count((p, q, filters)), self.count((p // 2, q // 2, filters))
        flops = 2 * full * 9 * c
        src_bytes = src * (4 if self.first else self.size)
        pooled = dst * (self.size + 1)  # and the winners
        if c <= FUSED_CHANNELS:
            self.forward.append(Node(f"{name} gather+conv+bias+relu+pool" if self.first else f"{name} conv+bias+relu+pool",
                                     "forward_kernel", src_bytes + weights * 4 + pooled, flops))
            # Only the winner of each window has a gradient.
            passes = [Node(f"{name} weight+bias gradient", "backward_weights_kernel", src_bytes + pooled, flops // 4)]
            if not self.first:
                passes.append(Node(f"{name} data gradient", "backward_src_kernel", pooled + src * self.size, flops))
        else:
            operands = weights * self.size
            self.forward += [
                Node(f"{name} conv", "convolution forward", src_bytes + operands + full * self.size, flops, True),
                Node(f"{name} bias+relu+pool", "bias_relu_pool_kernel", full * self.size + pooled)]
            passes = [Node(f"{name} unpool", "unpool_kernel", pooled + full * self.size),
                      Node(f"{name} weight gradient", "convolution backward_weights",
                           (src + full) * self.size + operands, flops, True)]
            if not self.first:
                passes.append(Node(f"{name} data gradient", "convolution backward_src",
                                   (src + full) * self.size + operands, flops, True))
            # What is widened where activations are bf16; the sums of the bias' gradient are left out.
            passes.append(Node(f"{name} bias gradient, widening", "finish_gradients_kernel",
                               weights * (2 + 4) if self.half else 0))
        self.backward.append(passes)
        self.parameters += weights + filters
        self.shape = (p // 2, q // 2, filters)
        self.first = False

    def dense(self, name: str, units: int, relu: bool, dropout: bool):
        fan_in = math.prod(self.shape)
        weights, src, dst = fan_in * units, self.batch * fan_in, self.batch * units
        flops = 2 * self.batch * weights
        operands = (weights + src) * self.size
        few = not relu and units <= FEW_OUTPUTS and fan_in <= FEW_INPUTS
        passes = []
        if few:
            self.forward.append(Node(f"{name} product+bias", "few_outputs_forward_kernel",
                                     operands + dst * self.size, flops))
            passes.append(Node(f"{name} all gradients", "few_outputs_backward_kernel",
                               operands + (dst + src) * self.size + weights * 4, 2 * flops))
        else:
            self.forward.append(Node(f"{name} product", "matrix product", operands + dst * 4, flops, True))
            if relu:
                rest = "bias+relu+dropout" if dropout else "bias+relu"
                self.forward.append(Node(f"{name} {rest}", "finish_dense_kernel", dst * (4 + self.size)))
                passes.append(Node(f"{name} {rest} gradient", "begin_dense_backward_kernel", 3 * dst * self.size))
            passes.append(Node(f"{name} weight gradient", "matrix product",
                               (src + dst) * self.size + weights * 4, flops, True))
            if not self.first:
                passes.append(Node(f"{name} data gradient", "matrix product", operands + dst * self.size, flops, True))
        self.backward.append(passes)
        self.parameters += weights + units
        self.shape = (units,)
        self.first = False

    def dropout(self, name: str):
        size = self.count(self.shape) * self.size
        self.forward.append(Node(name, "dropout_kernel", 2 * size))
        self.backward.append([Node(f"{name} gradient", "dropout_kernel", 2 * size)])

    def nodes(self, classes: int) -> list[Node]:
        head = Node("batch: indices, labels, rates", "begin", self.batch * 16)
        loss = Node("softmax+loss+gradient", "softmax_cross_entropy_kernel", 3 * self.batch * classes * 4)
        # Reads gradient, weights and two moments, writes weights and moments, and the copy in bf16.
        adam = Node("adam", "adam_kernel", self.parameters * (28 + (2 if self.half else 0)))
        return [head, *self.forward, loss, *(node for layer in reversed(self.backward) for node in layer), adam]


def layers_of(entries: list) -> list[tuple[str, dict]]:
    return [(entry, {}) if isinstance(entry, str) else next(iter(entry.items())) for entry in entries]


def build(model: list, step: Step, classes: int) -> list[Node]:
    layers = layers_of(model)
    index = 0
    number = 0
    while index < len(layers):
        kind, options = layers[index]
        number += 1
        if kind == "conv2d":
            pool = layers[index + 1] if index + 1 < len(layers) else ("", {})
            if options.get("kernel", 3) != 3 or options.get("activation") != "relu" or \
                    pool[0] != "max_pool2d" or pool[1].get("size", 2) != 2:
                raise SystemExit(f"error: layer {index + 1}: only a 3x3 convolution with relu and a 2x2 max-pooling "
                                 "behind it is modelled")
            step.conv_block(f"block {number}", options["filters"], options.get("padding", "valid") == "same")
            index += 1
        elif kind == "dense":
            units = classes if options["units"] == "classes" else options["units"]
            relu = options.get("activation") == "relu"
            if options.get("activation", "linear") not in ("relu", "softmax", "linear"):
                raise SystemExit(f"error: layer {index + 1}: a dense layer with {options['activation']} isn't modelled")
            behind = layers[index + 1][0] if index + 1 < len(layers) else ""
            step.dense(f"dense {number}", units, relu, relu and behind == "dropout")
            index += relu and behind == "dropout"
        elif kind == "dropout":
            step.dropout(f"dropout {number}")
        elif kind != "flatten":
            raise SystemExit(f"error: layer {index + 1}: '{kind}' isn't modelled")
        index += 1
    return step.nodes(classes)


def seconds(node: Node, gpu: Gpu, math_mode: str) -> float:
    peak = gpu.flops[math_mode if node.on_tensor_cores else "fp32"]
    return max(node.bytes / gpu.bytes_per_second, node.flops / peak)


def table(nodes: list[Node], math_mode: str) -> str:
    lines = ["| node | launch | MB | MFLOP | " + " | ".join(f"{gpu.name}, µs" for gpu in GPUS) + " |",
             "|---|---|---|---|" + "---|" * len(GPUS)]
    for node in nodes:
        times = " | ".join(f"{1e6 * seconds(node, gpu, math_mode):.1f}" for gpu in GPUS)
        lines.append(f"| {node.name} | {node.launch} | {node.bytes / 1e6:.1f} | {node.flops / 1e6:.0f} | {times} |")
    totals = " | ".join(f"**{1e6 * sum(seconds(node, gpu, math_mode) for node in nodes):.0f}**" for gpu in GPUS)
    lines.append(f"| **{len(nodes)} nodes** | | **{sum(node.bytes for node in nodes) / 1e6:.0f}** | "
                 f"**{sum(node.flops for node in nodes) / 1e6:.0f}** | {totals} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("experiment", type=Path, metavar="EXPERIMENT.yaml")
    parser.add_argument("--math", choices=["fp32", "tf32", "bf16"], default="bf16")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--size", type=int, nargs=2, metavar=("H", "W"))
    parser.add_argument("--classes", type=int, help="where the file names no classes")
    parser.add_argument("--markdown", type=Path, help="write the table here as well")
    parser.add_argument("--check", type=Path, help="fail where this file isn't what --markdown would write")
    options = parser.parse_args()
    experiment = yaml.safe_load(options.experiment.read_text(encoding="utf-8"))
    classes = options.classes or len(experiment["data"].get("classes", []))
    if classes < 2:
        print("error: the experiment names no classes; give their number: --classes N", file=sys.stderr)
        return 2
    height, width = options.size or experiment.get("features", {}).get("size", [128, 128])
    batch = options.batch or experiment.get("training", {}).get("batch_size", 64)
    nodes = build(experiment["model"], Step(batch, height, width, options.math), classes)
    text = (f"{options.experiment.name}: {height}x{width}, batch {batch}, {options.math}\n\n"
            f"{table(nodes, options.math)}\n")
    print(text, end="")
    page = ("# Roofline of a training step\n\n<!-- Written by benchmarks/roofline.py; don't edit. -->\n\n"
            "Lower bounds computed from shapes and data sheets. No figure on this page was measured on a GPU.\n\n"
            + text)
    if options.markdown:
        options.markdown.write_text(page, encoding="utf-8")
    if options.check and options.check.read_text(encoding="utf-8") != page:
        print(f"error: {options.check} isn't what this gives; write it anew with --markdown", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
