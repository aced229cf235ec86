"""Reads and writes with TensorBoard's own code and its users', for comparison with
Athanor's. Keras and TensorBoard come with the Keras peer, PyTorch and
tensorboardX with this folder's setup.

read FILE            prints step,tag,value of every scalar in an event file
write WRITER FOLDER  writes files as users of WRITER do (pytorch, tensorboardx or
                     keras) and prints what is in them: file or folder, step, tag,
                     value
reservoir FOLDER     loads a log folder as TensorBoard's server does and prints
                     the seconds until it was ready and how many values it kept
"""

import math
import os
import sys
import time


def read(path):
    from tensorboard.backend.event_processing import event_file_loader
    from tensorboard.util import tensor_util

    for event in event_file_loader.EventFileLoader(path).Load():
        for value in event.summary.value:
            number = tensor_util.make_ndarray(value.tensor).item()
            print(f"{event.step},{value.tag},{number!r}")


def curve(step):
    """A value of a loss curve: falls, is sometimes not a number or endless."""
    return {100: math.nan, 200: math.inf, 300: -math.inf}.get(step % 400, math.exp(-step / 300) + 1e-30)


def scalars(writer):
    for step in range(1000):
        writer.add_scalar("train/loss", curve(step), step)
        print(f".,{step},train/loss,{curve(step)!r}")
    for step in range(10):
        writer.add_scalar("lr", 10.0**-step, step * 100)
        print(f".,{step * 100},lr,{10.0**-step!r}")
    writer.add_text("note", "not a number at all", 0)
    writer.close()


def pytorch(folder):
    from torch.utils.tensorboard import SummaryWriter

    scalars(SummaryWriter(folder))


def tensorboardx(folder):
    from tensorboardX import SummaryWriter

    scalars(SummaryWriter(folder))


def keras(folder):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import numpy

    rng = numpy.random.default_rng(1)
    x = rng.normal(size=(256, 4)).astype("float32")
    y = (x.sum(axis=1) > 0).astype("float32")
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    callbacks = [keras.callbacks.TensorBoard(folder), keras.callbacks.CSVLogger(os.path.join(folder, "log.csv"))]
    history = model.fit(x, y, validation_split=0.25, epochs=5, verbose=0, callbacks=callbacks).history
    for name, values in history.items():
        where, tag = ("validation", name[4:]) if name.startswith("val_") else ("train", name)
        for epoch, value in enumerate(values):
            print(f"{where},{epoch},epoch_{tag},{float(value)!r}")
            print(f"log.csv,{epoch},{name},{float(value)!r}")


def write(writer, folder):
    os.makedirs(folder, exist_ok=True)
    {"pytorch": pytorch, "tensorboardx": tensorboardx, "keras": keras}[writer](folder)


def reservoir(folder):
    from tensorboard.backend.event_processing import event_accumulator

    start = time.perf_counter()
    loaded = event_accumulator.EventAccumulator(folder, size_guidance={"tensors": 1000, "scalars": 1000})
    loaded.Reload()
    seconds = time.perf_counter() - start
    tags = loaded.Tags()
    kept = {t: len(loaded.Tensors(t)) for t in tags["tensors"]}
    kept.update({t: len(loaded.Scalars(t)) for t in tags["scalars"]})
    print(f"{seconds:.3f},{sum(kept.values())}")


if __name__ == "__main__":
    {"read": read, "write": write, "reservoir": reservoir}[sys.argv[1]](*sys.argv[2:])
