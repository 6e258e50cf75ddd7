#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times an epoch of the main network in Kickdrum and in Keras on TensorFlow (fit), on the same weights, clips and machine.

    cmake --preset cpu-bench && cmake --build --preset cpu-bench --target kickdrum_bench_step
    benchmarks/compare_keras.py --create-venv build/peers-keras

First it checks that both compute the same losses over some steps without dropout; then processes of both alternate. An
epoch is as in the published experiment: 872 training clips in batches of 64, class weights, dropout 0.5, Adam, and 207
clips for validation; fp32. The first epoch of a process, in which TensorFlow builds its graph, isn't counted.

Exit code 0; 1 where the losses differ by more than the tolerance.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import peers


def build_network(setting: peers.Setting, dropout: float):
    import keras
    from keras import layers

    network = keras.Sequential([keras.Input(setting.inputs.shape[1:])])
    for filters in peers.FILTERS:
        network.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        network.add(layers.MaxPooling2D(2))
    network.add(layers.Flatten())
    network.add(layers.Dense(peers.HIDDEN, activation="relu"))
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(peers.CLASSES, activation="softmax"))
    # The files hold the weights in the order of the layers, as set_weights wants them.
    network.set_weights(list(setting.weights.values()))
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return network


def run_worker(job: dict) -> dict:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    keras.utils.set_random_seed(1)
    setting = peers.Setting.load(Path(job["folder"]))
    network = build_network(setting, job["dropout"])
    targets = keras.utils.to_categorical(setting.labels, peers.CLASSES)
    class_weights = {index: float(weight) for index, weight in enumerate(setting.class_weights)}
    result = {"version": f"{keras.__version__} on TensorFlow {tf.__version__}"}

    if job["steps"]:
        result["losses"] = []
        batches = len(targets) // job["batch"]
        for step in range(job["steps"]):
            part = slice(step % batches * job["batch"], (step % batches + 1) * job["batch"])
            network.reset_metrics()  # train_on_batch returns running means
            loss, _ = network.train_on_batch(setting.inputs[part], targets[part], class_weight=class_weights)
            result["losses"].append(float(loss))
        return result

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.times, self.start = [], 0.0

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.times.append((time.perf_counter() - self.start) * 1e3)

    clock, train = Clock(), len(targets) - job["val"]
    network.fit(setting.inputs[:train], targets[:train], batch_size=job["batch"], epochs=job["epochs"] + 1,
                class_weight=class_weights, validation_data=(setting.inputs[train:], targets[train:]), verbose=0,
                callbacks=[clock])
    return result | {"epoch_ms": clock.times[1:]}


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers.add_common_options(parser, "keras, tensorflow and numpy")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=2, help="timed epochs of a process (default: %(default)s)")
    parser.add_argument("--train", type=int, default=872, help="training clips (default: %(default)s)")
    parser.add_argument("--val", type=int, default=207, help="validation clips (default: %(default)s)")
    parser.add_argument("--tolerance", type=float, default=peers.LOSS_TOLERANCE,
                        help="of the losses, as a share of the first (default: %(default)s)")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    if options.worker:
        print(json.dumps(run_worker(json.loads(options.worker))))
        return 0
    peers.prepare(options, ["keras", "tensorflow", "numpy"])
    with peers.work_folder() as folder:
        peers.save_setting(options, folder, options.train + options.val)
        ours = [options.program, folder, "--threads", options.threads, "--batch", options.batch]
        job = {"folder": folder, "threads": options.threads, "batch": options.batch, "val": options.val,
               "epochs": options.epochs}

        def theirs(**extra) -> list:
            return [options.python, __file__, "--worker", json.dumps(job | extra)]

        check = peers.run_json(theirs(dropout=0, steps=8))
        print(f"Keras {check['version']}; {peers.describe_machine(options.threads)}")
        print(f"main network, {options.train} + {options.val} clips, batch {options.batch}, "
              f"{options.size} x {options.size} x 1, fp32")
        losses = peers.run_json([*ours, "--dropout", 0, "--warm-up", 0, "--steps", 8])["losses"]
        same = peers.check_losses(losses, check["losses"], options.tolerance)

        # Our first epoch counts, since it builds no graph.
        epochs = ["--epochs", options.epochs, "--val", options.val]
        times = peers.measure(
            [peers.Candidate("Kickdrum", [*ours, *epochs], {}, "epoch_ms"),
             peers.Candidate("Keras, fit", theirs(dropout=0.5, steps=0), {}, "epoch_ms"),
             peers.Candidate("Keras, fit, malloc kept", theirs(dropout=0.5, steps=0), peers.KEEPING_MALLOC,
                             "epoch_ms")], options.rounds)
    peers.print_table(times, "epoch")
    if options.json:
        options.json.write_text(json.dumps({"losses_agree": same, "epoch_ms": times}, indent=2) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
