#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kickdrum's ONNX models in ONNX Runtime. Needs a virtual environment with onnx, onnxruntime and numpy.

  KICKDRUM_PEER_FOLDER=DIR build/cpu/tests/nn_tests --gtest_filter='*ForPeers*'
  onnx_models.py DIR
"""

import json
import struct
import sys

import numpy as np
import onnx
import onnxruntime


def read_safetensors(path):
    with open(path, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    return {name: np.frombuffer(raw[8 + length:], "<f4", (e["data_offsets"][1] - e["data_offsets"][0]) // 4,
                                e["data_offsets"][0]).reshape(e["shape"])
            for name, e in header.items() if name != "__metadata__"}


def main(folder):
    worst = 0.0
    for name in ("small_cnn", "small_resnet", "all_activations"):
        onnx.checker.check_model(onnx.load(f"{folder}/{name}.onnx"), full_check=True)
        facts = read_safetensors(f"{folder}/{name}.safetensors")
        session = onnxruntime.InferenceSession(f"{folder}/{name}.onnx", providers=["CPUExecutionProvider"])
        given = session.run(["probabilities"], {"input": facts["inputs"]})[0]
        powers = np.exp(facts["logits"].astype(np.float64))
        difference = float(np.abs(given - powers / powers.sum(-1, keepdims=True)).max())
        worst = max(worst, difference)
        print(f"{name}: checked; {len(given)} inputs, probabilities differ by at most {difference:.2e}")
    print("all within 1e-4" if worst <= 1e-4 else "TOO FAR APART")
    return worst <= 1e-4


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(0 if main(sys.argv[1]) else 1)
