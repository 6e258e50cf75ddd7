#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the training step of the main network in Kickdrum and in PyTorch, on the same weights, clips and machine.

    cmake --preset cpu-bench && cmake --build --preset cpu-bench --target kickdrum_bench_step
    benchmarks/compare_pytorch.py --create-venv build/peers-pytorch

First it checks that both compute the same losses over some steps without dropout; then processes of all candidates
alternate for some rounds. A step is: forward, class-weighted cross-entropy with Keras' reduction, backward, Adam; fp32,
dropout 0.5. PyTorch runs as it comes (NCHW), in its best configuration (channels_last, fused Adam, a malloc that keeps
its memory and uses huge pages), and compiled (torch.compile) with the same malloc.

Exit code 0; 1 where the losses differ by more than the tolerance.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import peers

CONFIGURATIONS = {
    "NCHW, as installed": {"channels_last": False, "fused": False, "compile": False, "malloc": {}},
    "channels_last, fused Adam": {"channels_last": True, "fused": True, "compile": False, "malloc": {}},
    "channels_last, fused Adam, malloc kept": {
        "channels_last": True, "fused": True, "compile": False, "malloc": peers.KEEPING_MALLOC},
    "torch.compile, channels_last, malloc kept": {
        "channels_last": True, "fused": True, "compile": True, "malloc": peers.KEEPING_MALLOC},
}
BEST = "channels_last, fused Adam, malloc kept"


def build_network(setting: peers.Setting, channels_last: bool, dropout: float):
    import torch
    from torch import nn
    from torch.nn import functional as F

    def tensor(array):
        return torch.from_numpy(array.copy())

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            weights = setting.weights
            self.convs = nn.ModuleList()
            for number in range(1, len(peers.FILTERS) + 1):
                kernel = weights[f"conv2d_{number}/kernel"]
                conv = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
                conv.weight.data = tensor(kernel.transpose(3, 2, 0, 1))
                conv.bias.data = tensor(weights[f"conv2d_{number}/bias"])
                self.convs.append(conv)
            kernel = weights["dense_1/kernel"]
            if not channels_last:
                # Flattening NCHW gives channels first; the rows of the weights follow.
                size, channels = round((kernel.shape[0] / peers.FILTERS[-1]) ** 0.5), peers.FILTERS[-1]
                kernel = kernel.reshape(size, size, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            self.dense_1 = nn.Linear(*kernel.shape)
            self.dense_1.weight.data = tensor(kernel.T)
            self.dense_1.bias.data = tensor(weights["dense_1/bias"])
            self.dense_2 = nn.Linear(peers.HIDDEN, peers.CLASSES)
            self.dense_2.weight.data = tensor(weights["dense_2/kernel"].T)
            self.dense_2.bias.data = tensor(weights["dense_2/bias"])

        def forward(self, x):
            for conv in self.convs:
                x = F.max_pool2d(F.relu(conv(x)), 2)
            # In channels_last memory this order flattens without a copy.
            x = x.permute(0, 2, 3, 1).flatten(1) if channels_last else x.flatten(1)
            x = F.dropout(F.relu(self.dense_1(x)), dropout, self.training)
            return self.dense_2(x)

    network = Network()
    return network.to(memory_format=torch.channels_last) if channels_last else network


def run_worker(job: dict) -> dict:
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(job["threads"])
    torch.manual_seed(1)
    setting = peers.Setting.load(Path(job["folder"]))
    network = build_network(setting, job["channels_last"], job["dropout"]).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=job["fused"] or None)
    inputs = torch.from_numpy(setting.inputs).permute(0, 3, 1, 2)
    memory_format = torch.channels_last if job["channels_last"] else torch.contiguous_format
    labels = torch.from_numpy(setting.labels)
    class_weights = torch.from_numpy(setting.class_weights)
    model = torch.compile(network) if job["compile"] else network

    batch, times, losses = job["batch"], [], []
    batches = len(labels) // batch
    parts = []
    for first in range(0, batches * batch, batch):
        part = slice(first, first + batch)
        parts.append((inputs[part].contiguous(memory_format=memory_format), labels[part], class_weights[labels[part]]))
    for step in range(job["warm_up"] + job["steps"]):
        x, y, weights = parts[step % batches]
        start = time.perf_counter()
        # Keras adds epsilon to the uncorrected root of the second moment, PyTorch to the corrected one.
        for group in optimizer.param_groups:
            group["eps"] = 1e-7 / (1 - group["betas"][1] ** (step + 1)) ** 0.5
        optimizer.zero_grad(set_to_none=True)
        loss = (F.cross_entropy(model(x), y, reduction="none") * weights).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step >= job["warm_up"]:
            times.append((time.perf_counter() - start) * 1e3)
    return {"step_ms": times, "losses": losses, "version": torch.__version__}


def worker_command(options: argparse.Namespace, folder: str, configuration: dict, **job) -> list:
    job |= {name: value for name, value in configuration.items() if name != "malloc"}
    job |= {"folder": folder, "threads": options.threads, "batch": options.batch}
    return [options.python, __file__, "--worker", json.dumps(job)]


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers.add_common_options(parser, "torch and numpy")
    parser.add_argument("--rounds", type=int, default=4, help="processes of each candidate (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=8, help="timed steps of a process (default: %(default)s)")
    parser.add_argument("--warm-up", type=int, default=3, help="steps before those (default: %(default)s)")
    parser.add_argument("--tolerance", type=float, default=peers.LOSS_TOLERANCE,
                        help="of the losses, as a share of the first (default: %(default)s)")
    parser.add_argument("--avx2", action="store_true", help="hold both sides to AVX2 on a processor with AVX-512")
    parser.add_argument("--only", choices=CONFIGURATIONS, action="append", help="leave the other configurations out")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    if options.worker:
        print(json.dumps(run_worker(json.loads(options.worker))))
        return 0
    peers.prepare(options, ["torch", "numpy"])
    with peers.work_folder() as folder:
        peers.save_setting(options, folder, 2 * options.batch)
        ours = [options.program, folder, "--threads", options.threads, "--batch", options.batch]
        isa = {}
        if options.avx2:
            ours.append("--avx2")
            isa = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
            print("both sides without AVX-512")

        check = peers.run_json(worker_command(options, folder, CONFIGURATIONS[BEST], dropout=0, warm_up=0, steps=8))
        print(f"PyTorch {check['version']}; {peers.describe_machine(options.threads)}")
        print(f"main network, batch {options.batch}, {options.size} x {options.size} x 1, fp32")
        losses = peers.run_json([*ours, "--dropout", 0, "--warm-up", 0, "--steps", 8])["losses"]
        same = peers.check_losses(losses, check["losses"], options.tolerance)

        candidates = [peers.Candidate("Kickdrum", [*ours, "--warm-up", options.warm_up, "--steps", options.steps], {},
                                      "step_ms")]
        for name in options.only or CONFIGURATIONS:
            configuration = CONFIGURATIONS[name]
            command = worker_command(options, folder, configuration, dropout=0.5, warm_up=options.warm_up,
                                     steps=options.steps)
            candidates.append(peers.Candidate(f"PyTorch: {name}", command, configuration["malloc"] | isa, "step_ms"))
        times = peers.measure(candidates, options.rounds)
    peers.print_table(times, "training step")
    if options.json:
        options.json.write_text(json.dumps({"losses_agree": same, "step_ms": times}, indent=2) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
