# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""MobileNet as Keras computes it, for test/applications/mobilenet.test.ts. Writes test/golden/backbone.json.

Weights and pictures are made by `noise`, which test/applications/seeded.ts repeats bit for bit.
"""

import json
import math
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np


def noise(count, seed):
    """Numbers on [0, 1): a hash of the position (the finaliser of MurmurHash3)."""
    x = np.arange(count, dtype=np.uint64) + np.uint64((seed * 0x9E3779B9) % 2**32)
    x = (x % 2**32).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**32


def seed_weights(model):
    """Fills the model with weights that keep the size of activations from layer to layer."""
    for i, weight in enumerate(model.weights):
        u = noise(math.prod(weight.shape), i + 1)
        if "kernel" in weight.name:
            depthwise = "_dw_" in weight.path or "depthwise" in weight.path
            fan_in = math.prod(weight.shape[:2] if depthwise else weight.shape[:-1])
            u = (2 * u - 1) * math.sqrt(6 / fan_in)
        elif weight.name in ("gamma", "moving_variance", "variance"):
            # Terms of a sum without a limit have to be small.
            u = (0.5 + u) * (0.1 if "project" in weight.path and weight.name == "gamma" else 1)
        else:
            u = 0.25 * (2 * u - 1)
        weight.assign(u.reshape(weight.shape).astype(np.float32))


def picture(size, seed=0):
    """uint8 (1, size, size, 3)"""
    return (noise(size * size * 3, seed) * 256).astype(np.uint8).reshape(1, size, size, 3)


def layers(model):
    return [
        [layer.name, type(layer).__name__, list(layer.output.shape), layer.count_params()]
        for layer in model.layers
    ]


def short(values):
    """Eight digits tell one float32 from the next."""
    return [float(f"{value:.8g}") for value in np.asarray(values).ravel()]


if __name__ == "__main__":
    size, alpha = 128, 0.25
    scaled = picture(size).astype(np.float32) / 127.5 - 1
    base = keras.applications.MobileNet(
        input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None
    )
    seed_weights(base)
    map_ = base.predict(scaled, verbose=0)
    keras.utils.clear_session()
    whole = keras.applications.MobileNet(
        input_shape=(size, size, 3), alpha=alpha, weights=None, classes=10
    )
    seed_weights(whole)
    golden = {
        "maker": "tools/goldens/backbone.py",
        "versions": {"keras": keras.__version__, "numpy": np.__version__},
        "alpha": alpha,
        "size": size,
        "embedding": short(map_.mean(axis=(1, 2))),
        "corner": short(map_[0, 0, -1]),
        "probabilities": short(whole.predict(scaled, verbose=0)),
        "layers": layers(whole),
    }
    path = pathlib.Path(__file__).parents[2] / "test/golden/backbone.json"
    path.write_text(json.dumps(golden).replace('], ["', '],\n["') + "\n")
