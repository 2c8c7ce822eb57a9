"""Keras's answers for fine-tune.test.ts: a line of JSON each way.

A case fine-tunes the last blocks of a narrow MobileNet of random weights, whose BatchNormalization knows the data.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from serving import serve
from training import packed

classes = 3


def build(case, dtype="float32"):
    """MobileNet and a head; everything before the last blocks is frozen, and BatchNormalization if the case says so."""
    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    base = keras.applications.MobileNet(alpha=0.25, weights=None, include_top=False, input_shape=case["input"])
    x = keras.layers.GlobalAveragePooling2D()(base.output)
    model = keras.Model(base.input, keras.layers.Dense(classes, activation="softmax")(x))
    keras.config.set_floatx("float32")
    return base, model


def freeze(case, base):
    base.trainable = True
    first = next(i for i, layer in enumerate(base.layers) if layer.name.endswith(f"_{14 - case['blocks']}"))
    for i, layer in enumerate(base.layers):
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = i >= first and (case["normalisation"] == "trained" or not is_norm)


def gradients(case, dtype, weights, x, y):
    """Of the first batch's loss, for each trainable weight."""
    base, model = build(case, dtype)
    model.set_weights(weights)
    freeze(case, base)
    with tf.GradientTape() as tape:
        losses = keras.losses.categorical_crossentropy(tf.cast(y, dtype), model(tf.cast(x, dtype), training=True))
        loss = tf.reduce_mean(losses)
    return [np.asarray(g) for g in tape.gradient(loss, [w.value for w in model.trainable_weights])]


def train(case, dtype, weights, x, y):
    """The loss of each step, and the weights after the last."""
    base, model = build(case, dtype)
    model.set_weights(weights)
    freeze(case, base)
    model.compile(optimizer=keras.optimizers.RMSprop(1e-5), loss="categorical_crossentropy", jit_compile=False)
    losses = []
    for step in range(case["steps"]):
        start = step * case["batch"] % len(x)
        rows = slice(start, start + case["batch"])
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[rows].astype(dtype), y[rows].astype(dtype))))
    return losses, model.get_weights()


def run(case):
    keras.utils.set_random_seed(case["seed"])
    random = np.random.RandomState(case["seed"])
    batch = case["batch"]
    x = random.normal(0, 1, [4 * batch, *case["input"]]).astype("float32")
    y = np.eye(classes, dtype="float32")[random.randint(0, classes, len(x))]
    base, model = build(case)
    # Moving averages of these pictures, so that activations neither vanish nor grow.
    norms = [layer for layer in base.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(x, training=True)
    for norm in norms:
        norm.momentum = 0.99
        for weight in norm.trainable_weights:
            weight.assign_add(random.normal(0, 0.1, weight.shape))
    initial = model.get_weights()
    answer = {"x": packed(x), "y": packed(y), "initial": [packed(w) for w in initial]}

    single = gradients(case, "float32", initial, x[:batch], y[:batch])
    double = gradients(case, "float64", initial, x[:batch], y[:batch])
    answer["gradients"] = [packed(g) for g in double]
    answer["errors"] = [float(np.linalg.norm(s - d) / np.linalg.norm(d)) for s, d in zip(single, double, strict=True)]

    answer["losses"], single_final = train(case, "float32", initial, x, y)
    answer["double_losses"], final = train(case, "float64", initial, x, y)
    answer["final"] = [packed(w) for w in final]
    answer["final_errors"] = [float(np.linalg.norm(s - d)) for s, d in zip(single_final, final, strict=True)]
    return answer


if __name__ == "__main__":
    serve(run)
