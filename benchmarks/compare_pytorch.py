#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the training step of the main network in Kickdrum and in PyTorch, on the same weights, clips and machine.

    cmake --preset cpu-bench && cmake --build --preset cpu-bench --target kickdrum_bench_step
    benchmarks/compare_pytorch.py --create-venv build/peers-pytorch

First it checks that both compute the same losses over some steps without dropout; then processes of all candidates
alternate for some rounds. A step is: forward, class-weighted cross-entropy with Keras' reduction, backward, Adam; fp32,
dropout 0.5. PyTorch runs as it comes (NCHW), in its best configuration (channels_last, fused Adam, a malloc that keeps
its memory and uses huge pages), and compiled (torch.compile) with the same malloc.

With --device cuda both run on the GPU, in fp32, tf32 or bf16 (--math), their clips resident there, and neither waits
within an epoch: a time is an epoch's over its number of steps. PyTorch runs eagerly (NCHW, channels_last), compiled
(modes reduce-overhead and max-autotune), and with the whole step as one CUDA graph.

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
CUDA_CONFIGURATIONS = {
    "eager, NCHW": {"channels_last": False, "mode": "eager"},
    "eager, channels_last": {"channels_last": True, "mode": "eager"},
    "torch.compile reduce-overhead, channels_last": {"channels_last": True, "mode": "reduce-overhead"},
    "torch.compile max-autotune, channels_last": {"channels_last": True, "mode": "max-autotune"},
    "whole step as a CUDA graph, channels_last": {"channels_last": True, "mode": "graph"},
}
CUDA_BATCHES = 14  # of an epoch: as many as the main experiment has
CUDA_CHECKED_BATCHES = 4  # two epochs of these: training magnifies rounding from step to step
# Kickdrum's fp32 is without tensor cores, and so is PyTorch's without TF32. bf16 is autocast, as PyTorch users do it.
CUDA_TOLERANCES = {"fp32": peers.LOSS_TOLERANCE, "tf32": 1e-2, "bf16": 3e-2}


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


def set_cuda_math(math: str) -> None:
    import torch

    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = math == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = math == "tf32"


class CudaStep:
    """A training step whose batch lies in fixed memory of the GPU, asked for without waiting."""

    def __init__(self, job: dict, setting: peers.Setting):
        import torch

        self.network = build_network(setting, job["channels_last"], job["dropout"]).train().cuda()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, eps=1e-7, fused=True, capturable=True)
        compiled = job["mode"] in ("reduce-overhead", "max-autotune")
        self.model = torch.compile(self.network, mode=job["mode"]) if compiled else self.network
        self.half = job["math"] == "bf16"
        self.x = self.y = self.weights = None
        self.loss_sum = torch.zeros((), device="cuda")

    def run(self, number: int) -> None:
        import torch
        from torch.nn import functional as F

        # As on the CPU; in a CUDA graph epsilon stays what it was when the graph was made.
        for group in self.optimizer.param_groups:
            group["eps"] = 1e-7 / (1 - group["betas"][1] ** number) ** 0.5
        torch.compiler.cudagraph_mark_step_begin()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.half):
            logits = self.model(self.x)
        loss = (F.cross_entropy(logits.float(), self.y, reduction="none") * self.weights).mean()
        loss.backward()
        self.optimizer.step()
        self.loss_sum += loss.detach()


def run_cuda_worker(job: dict) -> dict:
    """Epochs over the same batches; of each the mean loss and the time of a step."""
    import torch

    torch.manual_seed(1)
    set_cuda_math(job["math"])
    setting = peers.Setting.load(Path(job["folder"]))
    step = CudaStep(job, setting)
    memory_format = torch.channels_last if job["channels_last"] else torch.contiguous_format
    inputs = torch.from_numpy(setting.inputs).permute(0, 3, 1, 2).contiguous(memory_format=memory_format).cuda()
    labels = torch.from_numpy(setting.labels).cuda()
    clip_weights = torch.from_numpy(setting.class_weights).cuda()[labels]
    batch = job["batch"]
    parts = [slice(first, first + batch) for first in range(0, len(labels) // batch * batch, batch)]
    step.x, step.y, step.weights = inputs[parts[0]].clone(), labels[parts[0]].clone(), clip_weights[parts[0]].clone()
    graph = None
    times, losses, done = [], [], 0
    for epoch in range(job["warm_up"] + job["steps"]):
        torch.cuda.synchronize()
        start = time.perf_counter()
        step.loss_sum.zero_()
        for part in parts:
            step.x.copy_(inputs[part])
            step.y.copy_(labels[part])
            step.weights.copy_(clip_weights[part])
            if graph is not None:
                graph.replay()
            elif job["mode"] == "graph" and done == len(parts):
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):  # notes the step without doing it
                    step.run(done + 1)
                graph.replay()
            else:
                step.run(done + 1)
            done += 1
        losses.append(step.loss_sum.item() / len(parts))
        if epoch >= job["warm_up"]:
            times.append((time.perf_counter() - start) * 1e3 / len(parts))
    return {"step_ms": times, "losses": losses, "version": torch.__version__, "gpu": torch.cuda.get_device_name()}


def on_own_stream(job: dict) -> dict:
    import torch

    with torch.cuda.stream(torch.cuda.Stream()):  # graphs aren't made on the default one
        return run_cuda_worker(job)


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
    parser.add_argument("--tolerance", type=float,
                        help="of the losses, as a share of the first (default: by device and --math)")
    parser.add_argument("--avx2", action="store_true", help="hold both sides to AVX2 on a processor with AVX-512")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: %(default)s")
    parser.add_argument("--math", choices=CUDA_TOLERANCES, default="fp32", help="on a GPU (default: %(default)s)")
    parser.add_argument("--only", choices=[*CONFIGURATIONS, *CUDA_CONFIGURATIONS], action="append",
                        help="leave the other configurations out")
    options = parser.parse_args()
    options.program_given = any(word.startswith("--program") for word in sys.argv)
    return options


def compare_on_gpu(options: argparse.Namespace) -> int:
    if not options.program_given:
        options.program = peers.REPOSITORY / "build/cuda/benchmarks/kickdrum_bench_step"
    peers.prepare(options, ["torch", "numpy"])
    with peers.work_folder() as folder, peers.work_folder() as checked:
        peers.save_setting(options, folder, CUDA_BATCHES * options.batch)
        peers.save_setting(options, checked, CUDA_CHECKED_BATCHES * options.batch)

        def ours(clips: str, **job) -> list:
            return [options.program, clips, "--device", "cuda", "--math", options.math, "--batch", options.batch, "--by-epochs",
                    "--dropout", job["dropout"], "--warm-up", job["warm_up"], "--steps", job["steps"]]

        def theirs(clips: str, configuration: dict, **job) -> list:
            return worker_command(options, clips, configuration | {"math": options.math}, **job)

        print(f"main network, batch {options.batch}, {options.size} x {options.size} x 1, {options.math}")
        same = True
        epochs = {"dropout": 0, "warm_up": 0, "steps": 2}
        losses = peers.run_json(ours(checked, **epochs))["losses"]
        for name, configuration in CUDA_CONFIGURATIONS.items():
            if options.only and name not in options.only:
                continue
            check = peers.run_json(theirs(checked, configuration, **epochs))
            print(f"{name}: PyTorch {check['version']} on {check['gpu']}")
            same &= peers.check_losses(losses, check["losses"], options.tolerance or CUDA_TOLERANCES[options.math])

        epochs = {"dropout": 0.5, "warm_up": options.warm_up, "steps": options.steps}
        candidates = [peers.Candidate("Kickdrum", ours(folder, **epochs), {}, "step_ms")]
        candidates += [peers.Candidate(f"PyTorch: {name}", theirs(folder, configuration, **epochs), {}, "step_ms")
                       for name, configuration in CUDA_CONFIGURATIONS.items()
                       if not options.only or name in options.only]
        times = peers.measure(candidates, options.rounds)
    peers.print_table(times, "training step", digits=3)
    if options.json:
        options.json.write_text(json.dumps({"losses_agree": same, "step_ms": times}, indent=2) + "\n")
    return 0 if same else 1


def main() -> int:
    options = parse_options()
    if options.worker:
        job = json.loads(options.worker)
        print(json.dumps(on_own_stream(job) if "mode" in job else run_worker(job)))
        return 0
    if options.device == "cuda":
        return compare_on_gpu(options)
    options.tolerance = options.tolerance or peers.LOSS_TOLERANCE
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
