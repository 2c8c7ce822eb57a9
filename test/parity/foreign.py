"""Models as people make them, for foreign.test.ts: files of Keras 3 and 2, and what they answer. A line of JSON each way."""

import base64
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tf_keras
from serving import serve

shape = (8, 8, 3)


def packed(array):
    """Float32 as Base64, with the shape."""
    array = np.asarray(array, "<f4")
    return {"dims": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def scaled(module, name):
    """A network behind `preprocess_input`."""
    inputs = module.Input(shape)
    x = getattr(module.applications, name).preprocess_input(inputs)
    return module.Model(inputs, head(module, x))


def head(module, x, units=3, activation="softmax"):
    x = module.layers.Conv2D(4, 3, activation="relu")(x)
    return module.layers.Dense(units, activation=activation)(module.layers.GlobalAveragePooling2D()(x))


def arithmetic(module):
    """Operations of one's own: constants on either side, one for each channel, and two tensors."""
    inputs = module.Input(shape)
    x = (inputs / 127.5 - 1.0) * 0.5 + 0.25
    x = 1.0 - x
    x = x * np.array([1.0, 2.0, 0.5], "float32")
    x = x + module.layers.Conv2D(3, 3, padding="same")(x)
    return module.Model(inputs, head(module, -x))


def quiet(module):
    """Every layer that does nothing when it predicts."""
    layers = module.layers
    one = dict(factor=0.2)
    options = {
        **dict.fromkeys(["RandomBrightness", "RandomContrast", "RandomRotation", "RandomInvert"], one),
        **dict.fromkeys(["RandomColorDegeneration", "RandomErasing", "RandomGrayscale", "RandomHue"], one),
        **dict.fromkeys(["RandomPerspective", "RandomSaturation", "RandomSharpness", "RandomGaussianBlur"], one),
        "RandomPosterization": {"factor": 4},
        "RandomShear": {"x_factor": 0.2},
        "RandomZoom": {"height_factor": 0.2},
        "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.1},
        "RandomFlip": {"mode": "horizontal"},
        "RandomElasticTransform": {},
        "RandomColorJitter": {},
        "GaussianNoise": {"stddev": 1.0},
        "GaussianDropout": {"rate": 0.3},
        "AlphaDropout": {"rate": 0.3},
        "SpatialDropout2D": {"rate": 0.3},
        "ActivityRegularization": {"l1": 0.1},
    }
    made = []
    for name, arguments in options.items():
        if hasattr(layers, name):
            try:
                made.append(getattr(layers, name)(**arguments))
            except TypeError:
                made.append(getattr(layers, name)())
    first = module.Sequential([module.Input(shape), *made[:3]])
    inputs = module.Input(shape)
    x = first(inputs)
    for layer in made[3:]:
        x = layer(x)
    return module.Model(inputs, head(module, x))


def ending(module, units, loss):
    """A classifier whose last layer is linear, compiled with a loss that takes logits, or with none."""
    inputs = module.Input(shape)
    model = module.Model(inputs, head(module, inputs, units, None))
    if loss:
        model.compile("adam", getattr(module.losses, loss)(from_logits=True))
    return model


def named(module, names):
    inputs = module.Input(shape, name=names[0])
    x = module.layers.Conv2D(4, 3, name=names[1])(inputs)
    x = module.layers.GlobalAveragePooling2D(name=names[2])(x)
    return module.Model(inputs, module.layers.Dense(3, activation="softmax", name=names[3])(x))


accents = ("größe", "Фильтр", "平均", "klassen_ß")


models = {
    "mobilenet": lambda module: scaled(module, "mobilenet"),
    "densenet": lambda module: scaled(module, "densenet"),
    "resnet": lambda module: scaled(module, "resnet"),
    "arithmetic": arithmetic,
    "quiet": quiet,
    "categorical": lambda module: ending(module, 3, "CategoricalCrossentropy"),
    "sparse": lambda module: ending(module, 3, "SparseCategoricalCrossentropy"),
    "binary": lambda module: ending(module, 1, "BinaryCrossentropy"),
    "labels": lambda module: ending(module, 3, "BinaryCrossentropy"),
    "silent": lambda module: ending(module, 3, None),
    "sigmoid": lambda module: module.Model(*(lambda i: (i, head(module, i, 1, "sigmoid")))(module.Input(shape))),
    "accents": lambda module: named(module, accents),
}


everywhere = [("keras", keras), ("h5", keras), ("2.h5", tf_keras)]
# Keras 3 cannot write some of the layers into .h5 files, and TensorFlow takes no such names from Keras 2.
formats = {"quiet": [everywhere[0], everywhere[2]], "accents": everywhere[:2]}


def make(request):
    """Writes each model, with weights of the seed, and tells the pictures and the outputs for them."""
    x = np.random.RandomState(1).randint(0, 256, (3, *shape)).astype("float32")
    answers = {}
    for name in request["names"]:
        for ending, module in formats[name] if name in formats else everywhere:
            module.utils.set_random_seed(3)
            model = models[name](module)
            model.save(f"{request['folder']}/{name}.{ending}")
            if name == "accents":
                # TensorFlow has no such names in its graphs, so that a twin answers.
                twin = named(module, "abcd")
                twin.set_weights(model.get_weights())
                model = twin
            answers[f"{name}.{ending}"] = {"x": packed(x), "y": packed(model.predict(x, verbose=0))}
    return answers


if __name__ == "__main__":
    serve(make)
