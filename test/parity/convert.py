"""Makes models, and judges what `ort-transfer convert` made of them, for test/parity/convert.test.ts."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
from keras import Input, Model, Sequential, layers
from serving import serve


def small():
    """Every kind of layer that a picture flows through."""
    return Sequential(
        [
            Input((18, 16, 3)),
            layers.Rescaling(0.5, offset=0.25),
            layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(max_value=6),
            layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            layers.AveragePooling2D(3, strides=1, padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(8, activation="gelu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(4, activation="softmax"),
        ],
        name="small",
    )


def mobilenet():
    """The article's: a network with a head after it."""
    base = keras.applications.MobileNet(alpha=0.25, weights=None, include_top=False, input_shape=(128, 128, 3))
    x = layers.GlobalAveragePooling2D()(base.output)
    x = layers.Dense(8, activation="relu")(x)
    return Model(base.input, layers.Dense(4, activation="softmax")(x), name="article")


def mobilenet_v2():
    """A network as a layer."""
    base = keras.applications.MobileNetV2(alpha=0.35, weights=None, include_top=False, input_shape=(96, 96, 3), pooling="avg")
    inputs = Input((96, 96, 3))
    return Model(inputs, layers.Dense(4, activation="softmax")(base(inputs)), name="nested")


def features():
    """No classes: a map."""
    return keras.applications.MobileNet(alpha=0.25, weights=None, include_top=False, input_shape=(128, 128, 3))


def head():
    """No pictures."""
    inputs = Input((10,))
    x = layers.Dense(8, activation="elu")(inputs)
    y = layers.Concatenate()([x, layers.Dense(3, use_bias=False, activation="tanh")(inputs)])
    return Model(inputs, layers.Dense(4, activation="sigmoid")(layers.LeakyReLU(0.1)(y)), name="head")


models = {make.__name__: make for make in (small, mobilenet, mobilenet_v2, features, head)}


def outcome(model):
    """Predictions for two samples of whole levels from 0 to 255, scaled to [−1, 1]."""
    shape = (2, *model.input_shape[1:])
    x = (np.arange(np.prod(shape)) * 37 % 256).astype(np.float32).reshape(shape) / np.float32(127.5) - 1
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    y = np.asarray(model(x, training=False))
    return {
        "input": list(shape),
        "dims": list(y.shape),
        "predictions": y.ravel().tolist(),
        "summary": "\n".join(lines),
    }


def make(name, paths):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = models[name]()
    random = np.random.RandomState(2)
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif weight.name in ("beta", "moving_mean", "bias"):
            weight.assign(random.uniform(-0.2, 0.2, weight.shape))
    for path in paths:
        model.save(path)
    return outcome(model)


def judge(path):
    return outcome(keras.models.load_model(path))


answers = {"make": make, "judge": judge}
serve(lambda request: answers[request.pop("ask")](**request))
