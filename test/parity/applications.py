"""Answers test/parity/applications.test.ts: arrays travel as base64 float32."""

import base64
import math
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/goldens"))

import keras
import numpy as np
import tensorflow as tf
from backbone import layers, noise, picture, seed_weights
from serving import serve


def packed(array):
    array = np.ascontiguousarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def tupled(value):
    return tuple(tupled(v) for v in value) if isinstance(value, list) else value


def build(application, options):
    keras.utils.clear_session()
    make = getattr(keras.applications, application)
    return make(**{key: tupled(value) for key, value in options.items()})


def architecture(application, options):
    model = build(application, options)
    return {"name": model.name, "layers": layers(model), "params": model.count_params()}


def prediction(application, options, size, seed, seeded):
    model = build(application, options)
    if seeded:
        seed_weights(model)
    scaled = picture(size, seed).astype(np.float32) / 127.5 - 1
    return packed(model(scaled, training=False))


def error(application, options):
    try:
        build(application, options)
    except Exception as exception:
        return {"type": type(exception).__name__, "message": str(exception)}
    return None


def layer(name, options, shape, seed):
    """A layer on its own: configuration, shapes, weights, output."""
    keras.utils.clear_session()
    try:
        made = getattr(keras.layers, name)(**{key: tupled(value) for key, value in options.items()})
        made(keras.Input(shape=shape[1:]))
    except ValueError as exception:
        # Keras wraps what a call throws, and prints the reason in bold.
        return {"error": str(exception).split("\x1b[1m")[-1].split("\x1b[0m")[0]}
    seed_weights(made)
    if isinstance(made, keras.layers.Normalization):
        made.finalize_state()
    x = (2 * noise(int(np.prod(shape)), seed) - 1).reshape(shape).astype(np.float32)
    config = keras.saving.serialize_keras_object(made)["config"]
    del config["dtype"]
    return {
        "config": config,
        "symbolic": list(made.compute_output_shape((None, None, None, shape[3]) if len(shape) == 4 else (None, *shape[1:]))),
        "weights": [[weight.name, list(weight.shape)] for weight in made.weights],
        "output": packed(made(x)),
    }


def normalisation(shape, seed):
    """One step of BatchNormalization while it trains: output, gradients, moving averages."""
    made = keras.layers.BatchNormalization(momentum=0.9)
    made.build((None, *shape[1:]))
    seed_weights(made)
    size = int(np.prod(shape))
    x = tf.constant((2 * noise(size, seed) - 1).reshape(shape).astype(np.float32))
    dy = tf.constant((2 * noise(size, seed + 1) - 1).reshape(shape).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = made(x, training=True)
        loss = tf.reduce_sum(y * dy)
    gradients = tape.gradient(loss, [x, made.gamma.value, made.beta.value])
    return [packed(a) for a in [y, *gradients, made.moving_mean, made.moving_variance]]


def adapted(axis, shape, seed):
    """What a Normalization learns of data."""
    made = keras.layers.Normalization(axis=axis)
    made.adapt(noise(math.prod(shape), seed).reshape(shape).astype(np.float32))
    return [packed(weight) for weight in made.weights[:2]]


def save(application, options, path, frozen):
    """A whole model in the legacy layout, as Keras 3 still writes it."""
    model = build(application, options)
    seed_weights(model)
    for layer in model.layers[:frozen]:
        layer.trainable = False
    model.save(path)


answers = {
    "architecture": architecture,
    "prediction": prediction,
    "error": error,
    "layer": layer,
    "normalisation": normalisation,
    "adapted": adapted,
    "save": save,
}
serve(lambda requests: [answers[request.pop("ask")](**request) for request in requests])
