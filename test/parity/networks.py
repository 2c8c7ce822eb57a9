"""Answers test/parity/networks.test.ts: Keras's own networks, with random weights. Arrays travel as base64 float32."""

import base64
import json
import math
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/goldens"))

import keras
import numpy as np
from backbone import noise
from serving import serve


def packed(array):
    array = np.ascontiguousarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def tupled(value):
    return tuple(tupled(v) for v in value) if isinstance(value, list) else value


def build(application, options):
    keras.utils.clear_session()
    return getattr(keras.applications, application)(**{k: tupled(v) for k, v in options.items()})


def randomise(model):
    """Weights that keep the size of activations from layer to layer, and let every one of them matter."""
    rng = np.random.default_rng(7)
    values = []
    for weight in model.weights:
        shape = weight.shape
        if "kernel" in weight.name:
            depthwise = "depthwise" in weight.name
            fan_in = math.prod(shape[:2] if depthwise else shape[:-1])
            values.append(rng.standard_normal(shape, dtype=np.float32) * math.sqrt(1.5 / fan_in))
        elif weight.name in ("gamma", "moving_variance", "variance") or "layer_scale" in weight.path:
            # Terms of a sum without a limit have to be small.
            factor = 0.3 if "layer_scale" in weight.path else 1
            values.append((0.5 + rng.random(shape, dtype=np.float32)) * factor)
        elif weight.name == "count":
            values.append(np.zeros(shape))
        else:
            values.append(rng.random(shape, dtype=np.float32) * 0.4 - 0.2)
    model.set_weights(values)


def picture(size, white):
    """float32 (1, size, size, 3), levels from 0 to white"""
    levels = np.floor(noise(size * size * 3, size) * 256).astype(np.float32) * np.float32(white / 255)
    return levels.reshape(1, size, size, 3)


def predictions(model, sizes, white):
    return [packed(model(picture(size, white), training=False)) for size in sizes]


def summary(model):
    texts = []
    os.environ.pop("COLUMNS", None)
    model.summary(print_fn=texts.append)
    return "".join(texts)


def network(application, options, sizes, white, files):
    """All there is to know of a network; its weights are written to files."""
    model = build(application, options)
    randomise(model)
    for file in files:
        model.save_weights(file) if file.endswith(".weights.h5") else model.save(file)
    return {
        "layers": [[layer.name, type(layer).__name__] for layer in model.layers],
        "params": model.count_params(),
        "json": json.loads(model.to_json()),
        "summary": summary(model),
        "outputs": predictions(model, sizes, white),
    }


def reading(application, options, sizes, white, weights, whole):
    """What Keras makes of files that were written here: one of weights, and one of the whole model."""
    model = build(application, options)
    model.load_weights(weights)
    custom = {}
    if application.startswith("ConvNeXt"):
        from keras.src.applications import convnext

        custom = {"LayerScale": convnext.LayerScale, "StochasticDepth": convnext.StochasticDepth}
    loaded = keras.models.load_model(whole, custom_objects=custom)
    return [predictions(model, sizes, white), predictions(loaded, sizes, white)]


def preprocessed(module, size):
    scaled = getattr(keras.applications, module).preprocess_input(picture(size, 255))
    return packed(scaled)


def error(application, options):
    try:
        build(application, options)
    except Exception as exception:
        return {"type": type(exception).__name__, "message": str(exception)}
    return None


answers = {
    "network": network,
    "reading": reading,
    "preprocessed": preprocessed,
    "error": error,
}


serve(lambda request: answers[request.pop("ask")](**request))
