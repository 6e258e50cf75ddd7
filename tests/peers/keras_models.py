#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models between Keras and Kickdrum. Needs a virtual environment with keras, tensorflow, h5py and numpy.

  keras_models.py make DIR    writes the small models that tests/nn/keras_file_test.cpp reads (tests/nn/keras_files)
  keras_models.py check DIR   loads what that test wrote with KICKDRUM_PEER_FOLDER=DIR, and compares
"""

import json
import os
import struct
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import keras
import numpy as np
from keras import layers

SIDE, CLASSES, CLIPS = 8, 3, 6


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, value in tensors.items():
        raw = np.ascontiguousarray(value, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    with open(path, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    return {name: np.frombuffer(raw[8 + length:], "<f4", (e["data_offsets"][1] - e["data_offsets"][0]) // 4,
                                e["data_offsets"][0]).reshape(e["shape"])
            for name, e in header.items() if name != "__metadata__"}


def sequential():
    return keras.Sequential([
        keras.Input((SIDE, SIDE, 1)),
        layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=0.9),
        layers.Conv2D(3, (3, 2), activation="gelu"),
        layers.MaxPooling2D((2, 1)),
        layers.Flatten(),
        layers.Dropout(0.0),
        layers.Dense(5),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Dense(CLASSES),
        layers.Softmax(),
    ])


def functional():
    x = source = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    body = layers.Conv2D(6, 3, strides=2, padding="same")(x)
    body = layers.BatchNormalization()(body)
    body = layers.Conv2D(6, 3, padding="same", activation="elu")(body)
    x = layers.Add()([body, layers.Conv2D(6, 1, strides=2, padding="same")(x)])
    x = layers.Activation("relu")(x)
    x = layers.Add()([layers.Conv2D(6, 3, padding="same", activation="tanh")(x), x])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(source, layers.Dense(CLASSES, activation="softmax")(x))


def logits_of(model, inputs):
    probabilities = np.asarray(model.predict(inputs, verbose=0), np.float64)
    return np.log(probabilities).astype(np.float32)  # up to a constant of each clip


def trained(model, rng):
    """After two steps of Adam: the model, and the inputs that it saw."""
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    inputs = rng.normal(size=(CLIPS, SIDE, SIDE, 1)).astype(np.float32)
    labels = np.arange(CLIPS) % CLASSES
    for _ in range(2):
        model.train_on_batch(inputs, keras.utils.to_categorical(labels, CLASSES))
    return inputs, labels


def make(folder):
    rng = np.random.default_rng(4)
    keras.utils.set_random_seed(4)
    for name, model in (("sequential", sequential()), ("functional", functional())):
        inputs, labels = trained(model, rng)
        model.save(f"{folder}/{name}.h5")
        if name == "functional":
            repack(f"{folder}/{name}.h5")
        facts = {"inputs": inputs, "labels": labels.astype(np.float32), "logits": logits_of(model, inputs)}
        model.train_on_batch(inputs, keras.utils.to_categorical(labels, CLASSES))
        kernel = [layer for layer in model.layers if layer.weights][0].kernel
        facts["first_kernel_after_a_step"] = np.asarray(kernel)
        facts["logits_after_a_step"] = logits_of(model, inputs)
        write_safetensors(f"{folder}/{name}.safetensors", facts)
    model = sequential()
    write_safetensors(f"{folder}/untrained.safetensors", {"inputs": inputs, "logits": logits_of(model, inputs)})
    model.save(f"{folder}/untrained.keras")
    make_odd(folder)
    make_traces(folder)


def repack(path):
    """The same content in the newer, smaller format of HDF5."""
    os.rename(path, path + ".old")
    with h5py.File(path + ".old") as source, h5py.File(path, "w", libver="latest") as target:
        copy_group(source, target)
    os.remove(path + ".old")


def copy_group(source, target):
    for key, value in source.attrs.items():
        target.attrs[key] = value
    for key, value in source.items():
        if isinstance(value, h5py.Group):
            copy_group(value, target.create_group(key))
        else:
            target.create_dataset(key, data=value[()])


def make_traces(folder):
    """How a training goes from given weights, in a given order of batches: 50 steps, and epochs with early stopping."""
    count, height, width = 10, 13, 11
    inputs = np.cos(0.37 * np.arange(count * height * width)).reshape(count, -1) + 0.05 * np.arange(count)[:, None]
    inputs = inputs.reshape(count, height, width, 1).astype(np.float32)
    labels = np.arange(count) * 7 % 3
    targets = keras.utils.to_categorical(labels, CLASSES)
    weights = {0: 0.5, 1: 1.25, 2: 2.0}
    model = keras.Sequential([
        keras.Input((height, width, 1)),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        # A bias before a normalisation has no gradient but rounding, which Adam would enlarge.
        layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(8, activation="relu"),
        layers.Dense(CLASSES, activation="softmax"),
    ])
    model.save(f"{folder}/parity.h5")
    repack(f"{folder}/parity.h5")
    start = model.get_weights()

    model.compile(keras.optimizers.Adam(0.005), "categorical_crossentropy")
    losses = []
    for step in range(50):
        batch = (np.arange(4) + 3 * step) % count
        model.reset_metrics()  # else the result is a mean over the steps
        losses.append(model.train_on_batch(inputs[batch], targets[batch], class_weight=weights))

    model.set_weights(start)
    model.compile(keras.optimizers.Adam(0.02), "categorical_crossentropy")
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    history = model.fit(inputs[:7], targets[:7], batch_size=4, epochs=60, shuffle=False, verbose=0,
                        validation_data=(inputs[7:], targets[7:]), class_weight=weights, callbacks=[stopping])
    print("early stopping: best", stopping.best_epoch, "stopped", stopping.stopped_epoch)
    write_safetensors(f"{folder}/parity.safetensors", {
        "inputs": inputs, "labels": labels.astype(np.float32), "losses": np.asarray(losses, np.float32),
        "val_losses": np.asarray(history.history["val_loss"], np.float32),
        "best_and_last_epoch": np.asarray([stopping.best_epoch, len(history.history["val_loss"]) - 1], np.float32)})


def make_odd(folder):
    """Variations of one file: another generation's strings, types and filters, and what must be refused."""
    base = f"{folder}/sequential.h5"

    def variant(name, change):
        with h5py.File(base) as source, h5py.File(f"{folder}/{name}.h5", "w", libver="latest") as target:
            copy_group(source, target)
            del target["optimizer_weights"]
            change(target, target["model_weights"]["dense"])

    def replace(group, name, **options):
        values = group[name][()]
        del group[name]
        return group.create_dataset(name, data=values, **options)

    def kernel_of(dense):
        return dense["sequential"]["dense"]

    def fixed_strings_half_gzip(target, dense):
        target.attrs["model_config"] = np.bytes_(target.attrs["model_config"])
        names = [np.bytes_(n) for n in target["model_weights"].attrs["layer_names"]]
        target["model_weights"].attrs["layer_names"] = names
        replace(kernel_of(dense), "kernel", dtype="<f2")
        replace(kernel_of(dense), "bias", dtype="<f8", compression="gzip", chunks=True)

    variant("half_gzip", fixed_strings_half_gzip)

    def soft(target, dense):
        del kernel_of(dense)["kernel"]
        kernel_of(dense)["kernel"] = h5py.SoftLink("/model_weights/dense/sequential/dense/bias")

    def outside(target, dense):
        del kernel_of(dense)["kernel"]
        kernel_of(dense)["kernel"] = h5py.ExternalLink("/etc/passwd", "/x")

    def external(target, dense):
        shape = kernel_of(dense)["kernel"].shape
        del kernel_of(dense)["kernel"]
        kernel_of(dense).create_dataset("kernel", shape, "<f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])

    def huge(target, dense):
        del kernel_of(dense)["kernel"]
        kernel_of(dense).create_dataset("kernel", (1 << 20, 1 << 20), "<f4", chunks=(64, 64))

    def narrow(target, dense):
        values = kernel_of(dense)["kernel"][()]
        del kernel_of(dense)["kernel"]
        kernel_of(dense)["kernel"] = values[:, :-1]

    for name, change in (("soft_link", soft), ("outside_link", outside), ("external", external), ("huge", huge),
                         ("narrow", narrow)):
        variant(name, change)


def restore_optimizer(model, path):
    """What load_model() is meant to do. Keras 3.15 builds the optimiser for no variables there (also for .h5 files of
    its own), and the next step fails."""
    with h5py.File(path) as file:
        group = file["optimizer_weights"]
        values = [group[name][()] for name in group.attrs["weight_names"]]
    optimizer = model.optimizer.from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    assert len(optimizer.variables) == len(values)
    optimizer.set_weights(values)
    model.compile(optimizer, model.loss)


def check(folder):
    worst = 0.0
    for name in ("small_cnn", "small_resnet", "all_activations"):
        model = keras.models.load_model(f"{folder}/{name}.h5")
        facts = read_safetensors(f"{folder}/{name}.safetensors")
        given = logits_of(model, facts["inputs"])
        wanted = facts["logits"] - np.log(np.exp(facts["logits"].astype(np.float64)).sum(-1, keepdims=True))
        difference = float(np.abs(given - wanted).max())
        line = f"{name}: {type(model).__name__}, {len(facts['inputs'])} inputs, logits differ by at most {difference:.2e}"
        worst = max(worst, difference / 1e-5)
        if "logits_after_a_step" in facts:
            restore_optimizer(model, f"{folder}/{name}.h5")
            step = int(model.optimizer.iterations.numpy())
            labels = keras.utils.to_categorical(facts["labels"].astype(int), facts["logits"].shape[-1])
            model.train_on_batch(facts["inputs"], labels)
            after = next(layer for layer in model.layers if layer.weights).get_weights()[0]
            moved = float(np.abs(after - facts["first_kernel_after_a_step"]).max())
            line += f"; Adam's step {step + 1}: first kernel differs by at most {moved:.2e}"
            worst = max(worst, moved / 1e-6)
        print(line)
    print("all within 1e-5 (logits) and 1e-6 (a step)" if worst <= 1 else "TOO FAR APART")
    return worst <= 1


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        sys.exit(0 if check(sys.argv[2]) else 1)
