"""Times Keras on MNIST: whole epochs of model.fit, one JSON object a line.

The networks, the optimizer and the split are those of `athanor train`; the
pixels are ready as float32 in memory before the clock starts.
"""

import argparse
import gzip
import json
import os
import resource
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="folder with the four IDX files, gzipped")
parser.add_argument("--model", choices=["mlp", "cnn"], required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--jit", choices=["auto", "on", "off"], default="auto", help="XLA; auto is Keras's own choice")
args = parser.parse_args()

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(args.threads)
keras.utils.set_random_seed(args.seed)


def idx(name: str, offset: int) -> np.ndarray:
    """The bytes of an IDX file behind its header."""
    with gzip.open(os.path.join(args.data, name)) as f:
        return np.frombuffer(f.read(), np.uint8, offset=offset)


def images(name: str) -> np.ndarray:
    return idx(name, 16).reshape(-1, 28, 28, 1).astype("float32") / 255


def mlp() -> list:
    dense = keras.layers.Dense
    return [keras.layers.Flatten(), dense(128, "relu"), dense(128, "relu"), dense(10)]


def cnn() -> list:
    layers = keras.layers
    return [
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10),
    ]


class Epochs(keras.callbacks.Callback):
    """Prints how long each epoch took."""

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.began
        line = {
            "event": "epoch",
            "epoch": epoch + 1,
            "seconds": seconds,
            "samples_per_second": len(x) / seconds,
            "train_loss": logs["loss"],
        }
        print(json.dumps(line), flush=True)


x, y = images("train-images-idx3-ubyte.gz"), idx("train-labels-idx1-ubyte.gz", 8)
held = np.random.default_rng(args.seed).permutation(len(x))[: len(x) // 10]
x, y = np.delete(x, held, 0), np.delete(y, held, 0)

model = keras.Sequential([keras.Input((28, 28, 1)), *(mlp() if args.model == "mlp" else cnn())])
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    jit_compile={"auto": "auto", "on": True, "off": False}[args.jit],
)
model.fit(x, y, batch_size=args.batch, epochs=args.epochs, verbose=0, callbacks=[Epochs()])
loss, accuracy = model.evaluate(
    images("t10k-images-idx3-ubyte.gz"), idx("t10k-labels-idx1-ubyte.gz", 8), batch_size=1000, verbose=0
)
done = {
    "event": "done",
    "test_accuracy": accuracy,
    "test_loss": loss,
    "parameters": model.count_params(),
    "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "version": f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
}
print(json.dumps(done), flush=True)
