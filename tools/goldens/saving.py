# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy==2.4.6", "h5py==3.14.0"]
# ///
"""Small models in the files of several versions of Keras, for test/saving/versions.test.ts: test/golden/saving/.

`keras-2.0.h5` is laid out by hand as Keras 2.0 did it. `keras-2.*` are by Keras 2 itself, which must be installed
as tf_keras==2.21.0; they are left as they are where it is not.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import numpy as np

FOLDER = pathlib.Path(__file__).parents[2] / "test" / "golden" / "saving"
SEED = 7


def samples(shape, classes):
    x = np.sin(np.arange(6 * int(np.prod(shape)), dtype=np.float64) * 1.7).astype("float32").reshape(6, *shape)
    return x, np.eye(classes, dtype="float32")[np.arange(6) * 7 % 5 % classes]


def outcome(model, shape, classes):
    """The model's predictions, and the loss of one more epoch."""
    x, y = samples(shape, classes)
    predictions = np.asarray(model.predict(x, verbose=0)).ravel().tolist()
    history = model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history
    return {"shape": shape, "classes": classes, "predictions": predictions, "loss": history["loss"][0]}


def convolutional(keras):
    layers = keras.layers
    inputs = keras.Input((6, 6, 2), name="pixels")
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(inputs)
    x = layers.Conv2D(3, 3, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    body = keras.Model(inputs, x, name="body")
    body.trainable = False
    outer = keras.Input((6, 6, 2))
    outputs = layers.Dense(3, activation="softmax", name="probabilities")(body(outer))
    model = keras.Model(outer, outputs, name="classifier")
    model.compile(keras.optimizers.Adam(0.01), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def save(keras, version):
    keras.utils.set_random_seed(SEED)
    model = convolutional(keras)
    model.fit(*samples((6, 6, 2), 3), batch_size=4, epochs=2, shuffle=False, verbose=0)
    model.save(FOLDER / f"{version}.keras")
    model.save_weights(FOLDER / f"{version}.weights.h5")
    model.save(FOLDER / f"{version}.h5")
    return outcome(model, (6, 6, 2), 3)


def old_layout(path):
    """As Keras 2.0 wrote it: a list for a config, fixed-length names, slots whose names say nothing."""
    import keras

    def dense(name, units, activation, **more):
        initializer = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
        return {
            "class_name": "Dense",
            "config": {
                "name": name,
                "trainable": True,
                **more,
                "units": units,
                "activation": activation,
                "use_bias": True,
                "kernel_initializer": {"class_name": "VarianceScaling", "config": initializer},
                "bias_initializer": {"class_name": "Zeros", "config": {}},
                "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}},
                "bias_regularizer": None,
                "activity_regularizer": None,
                "kernel_constraint": None,
                "bias_constraint": None,
            },
        }

    config = [
        dense("dense_1", 4, "relu", batch_input_shape=[None, 5], dtype="float32"),
        {"class_name": "Dropout", "config": {"name": "dropout_1", "trainable": True, "rate": 0.0}},
        dense("dense_2", 3, "softmax"),
    ]
    training = {
        "optimizer_config": {
            "class_name": "RMSprop",
            "config": {"lr": 0.01, "rho": 0.9, "decay": 0.0, "epsilon": 1e-08},
        },
        "loss": "categorical_crossentropy",
        "metrics": ["acc"],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    random = np.random.RandomState(SEED)
    shapes = [(5, 4), (4,), (4, 3), (3,)]
    weights = [random.uniform(-1, 1, shape).astype("float32") for shape in shapes]
    slots = [random.uniform(0, 0.1, shape).astype("float32") for shape in shapes]
    with h5py.File(path, "w", libver="earliest") as file:
        file.attrs["keras_version"] = np.bytes_("2.0.6")
        file.attrs["backend"] = np.bytes_("tensorflow")
        file.attrs["model_config"] = np.bytes_(json.dumps({"class_name": "Sequential", "config": config}))
        file.attrs["training_config"] = np.bytes_(json.dumps(training))
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([b"dense_1", b"dropout_1", b"dense_2"])
        group.attrs["backend"] = np.bytes_("tensorflow")
        group.attrs["keras_version"] = np.bytes_("2.0.6")
        for layer, values in [("dense_1", weights[:2]), ("dropout_1", []), ("dense_2", weights[2:])]:
            place = group.create_group(layer)
            names = [f"{layer}/kernel:0", f"{layer}/bias:0"][: len(values)]
            place.attrs["weight_names"] = np.array([name.encode() for name in names], dtype="S16")
            for name, value in zip(names, values):
                place.create_dataset(name, data=value)
        group = file.create_group("optimizer_weights")
        names = ["training/RMSprop/Variable:0"] + [f"training/RMSprop/Variable_{i}:0" for i in (1, 2, 3)]
        group.attrs["weight_names"] = np.array([name.encode() for name in names])
        for name, value in zip(names, slots):
            group.create_dataset(name, data=value)

    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, "relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.Dense(3, "softmax", kernel_regularizer=keras.regularizers.L2(0.01)),
        ]
    )
    model.set_weights(weights)
    optimizer = keras.optimizers.RMSprop(0.01, epsilon=1e-8)
    optimizer.build(model.trainable_variables)
    for variable, value in zip(optimizer.variables[2:], slots):
        variable.assign(value)
    model.compile(optimizer, loss="categorical_crossentropy")
    return outcome(model, (5,), 3)


if sys.argv[1:] == ["tf_keras"]:
    import tf_keras

    print(json.dumps(save(tf_keras, "keras-2.21")))
    sys.exit()

FOLDER.mkdir(exist_ok=True)
path = FOLDER / "outcomes.json"
import keras
import tensorflow

golden = {
    "maker": "tools/goldens/saving.py",
    "versions": {"keras": keras.__version__, "tensorflow": tensorflow.__version__, "tf_keras": "2.21.0"},
    "seed": SEED,
    "keras-2.0": old_layout(FOLDER / "keras-2.0.h5"),
    "keras-3.15": save(keras, "keras-3.15"),
}
python = os.environ.get("TF_KERAS_PYTHON", sys.executable)
if importlib.util.find_spec("tf_keras") or python != sys.executable:
    result = subprocess.run([python, __file__, "tf_keras"], capture_output=True, text=True, check=True)
    golden["keras-2.21"] = json.loads(result.stdout.splitlines()[-1])
else:
    print("tf_keras is not installed: its files stay as they are")
    golden["keras-2.21"] = json.loads(path.read_text())["keras-2.21"]
path.write_text(json.dumps(golden, indent=1) + "\n")
