"""Exports tiny BERT-family encoders with random weights, as their owners' tools
write them: Keras through tf2onnx, and TensorFlow's own operators through tf2onnx.
PyTorch's are export_torch.py's. Usage: export.py FOLDER"""

import pathlib
import sys

import numpy as np

WORDS, WIDTH, HEADS, INNER, CLASSES, VOCABULARY = 5, 8, 2, 12, 3, 11


def keras_encoder():
    """Embeddings, multi-head attention with a mask, GELU, layer norms, pooling."""
    import keras
    from keras import layers

    tokens = keras.Input((WORDS,), dtype="int32", name="token_ids")
    mask = keras.Input((WORDS,), dtype="int32", name="padding_mask")
    x = layers.Embedding(VOCABULARY, WIDTH)(tokens)
    places = layers.Embedding(WORDS, WIDTH)(keras.ops.expand_dims(keras.ops.arange(WORDS), 0))
    x = layers.LayerNormalization(epsilon=1e-5)(x + places)
    attended = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x, attention_mask=keras.ops.expand_dims(mask, 1) > 0)
    x = layers.LayerNormalization(epsilon=1e-5)(x + attended)
    up = layers.Dense(INNER)(x)
    up = 0.5 * up * (1.0 + keras.ops.erf(up * 0.5**0.5))  # TensorFlow's own GELU is Erfc, which tf2onnx lacks
    inner = layers.Dense(WIDTH)(up)
    x = layers.LayerNormalization(epsilon=1e-5)(x + inner)
    pooled = layers.Dense(WIDTH, activation="tanh")(x[:, 0, :])
    return keras.Model([tokens, mask], layers.Dense(CLASSES)(pooled))


def export_keras(folder):
    net = keras_encoder()
    net([np.zeros((2, WORDS), "int32"), np.ones((2, WORDS), "int32")])  # Keras exports what was called once
    net.export(str(folder / "keras.onnx"), format="onnx", verbose=False)


def export_tensorflow(folder):
    """The same arithmetic written with TensorFlow's own operators, as BERT's first
    repository has it: batch norm's form of the layer norm, GELU by tanh."""
    import tensorflow as tf
    import tf2onnx
    from keras.src.export.onnx import patch_tf2onnx

    patch_tf2onnx()
    random = np.random.default_rng(3)

    def weight(*shape):
        return tf.Variable(random.normal(0, 0.4, shape).astype("float32"))

    kernels = {n: weight(WIDTH, WIDTH) for n in "qkvo"}
    up, down, out = weight(WIDTH, INNER), weight(INNER, WIDTH), weight(WIDTH, CLASSES)
    gain, shift = weight(WIDTH), weight(WIDTH)

    def norm(x):
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, shift, gain, 1e-5)

    def heads(x):
        return tf.transpose(tf.reshape(x, [-1, WORDS, HEADS, WIDTH // HEADS]), [0, 2, 1, 3])

    @tf.function(input_signature=[tf.TensorSpec([None, WORDS, WIDTH], tf.float32, "embedded"), tf.TensorSpec([None, WORDS], tf.int32, "mask")])
    def encoder(x, mask):
        h = norm(x)
        q, k, v = (heads(tf.tensordot(h, kernels[n], 1)) for n in "qkv")
        scores = tf.matmul(q, k, transpose_b=True) / (WIDTH / HEADS) ** 0.5
        scores += (1.0 - tf.cast(mask[:, None, None, :], tf.float32)) * -9.0
        mixed = tf.reshape(tf.transpose(tf.matmul(tf.nn.softmax(scores), v), [0, 2, 1, 3]), [-1, WORDS, WIDTH])
        x = x + tf.tensordot(mixed, kernels["o"], 1)
        u = tf.tensordot(norm(x), up, 1)
        gelu = 0.5 * u * (1 + tf.tanh(0.7978845608 * (u + 0.044715 * tf.pow(u, 3))))
        return tf.matmul(tf.reduce_mean(x + tf.tensordot(gelu, down, 1), 1), out)

    tf2onnx.convert.from_function(encoder, encoder.input_signature, opset=15, output_path=str(folder / "tf2onnx.onnx"))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for export in (export_keras, export_tensorflow):
        export(folder)
        print(export.__name__, "done")


if __name__ == "__main__":
    main()
