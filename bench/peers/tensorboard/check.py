"""Reads with TensorBoard's own code, for comparison with Athanor's. TensorBoard
comes with the Keras peer; "write" needs tensorboardX beside it.

read FILE          prints step,tag,value of every scalar in an event file
write FOLDER       writes event files with TensorBoard's and tensorboardX's
                   writers, and prints what is in them
reservoir FOLDER   loads a log folder as TensorBoard's server does and prints
                   the seconds until it was ready and how many values it kept
"""

import math
import sys
import time


def read(path):
    from tensorboard.backend.event_processing import event_file_loader
    from tensorboard.util import tensor_util

    for event in event_file_loader.EventFileLoader(path).Load():
        for value in event.summary.value:
            number = tensor_util.make_ndarray(value.tensor).item()
            print(f"{event.step},{value.tag},{number!r}")


def write(folder):
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(folder)
    for step in range(1000):
        value = math.exp(-step / 300) if step % 100 else float("nan")
        writer.add_scalar("train/loss", value, step)
        print(f"{step},train/loss,{value!r}")
    writer.close()


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
    {"read": read, "write": write, "reservoir": reservoir}[sys.argv[1]](sys.argv[2])
