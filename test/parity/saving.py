"""Makes models with Keras, or loads them, for test/parity/saving.test.ts.

It answers a list of requests with a list of results. The first argument is the module to use: keras, or tf_keras, which
is Keras 2.
"""

import importlib
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import numpy as np
from serving import serve

keras = importlib.import_module(sys.argv[1])
layers = keras.layers
is_keras3 = keras.__version__.startswith("3")


def data(shape, classes):
    """The data of test/parity/saving.test.ts. Levels of pictures are brought to the range from -1 to 1."""
    x = np.sin(np.arange(int(np.prod(shape)), dtype=np.float64) * 1.7).reshape(shape)
    if len(shape) == 4:
        x = np.floor((x + 1) * 127.5) / 127.5 - 1
    labels = np.arange(shape[0]) * 7 % 5 % classes
    return x.astype("float32"), np.eye(classes, dtype="float32")[labels]


def dense_head():
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation="relu", kernel_initializer="he_normal"),
            layers.Dense(4, activation="tanh", use_bias=False),
            layers.Dense(3, activation="softmax"),
        ],
        name="head",
    )


def wide_head():
    return keras.Sequential([keras.Input((3,)), layers.Dense(70, "gelu"), layers.Dense(2, "sigmoid")])


def functional():
    inputs = keras.Input((5,), name="embedding")
    x = layers.Dense(6, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01))(inputs)
    y = layers.BatchNormalization(momentum=0.8)(x)
    z = layers.Add()([x, y])
    z = layers.Concatenate()([z, layers.Dense(2, activation="elu")(y)])
    z = layers.LeakyReLU()(z)
    outputs = layers.Activation("softmax")(layers.Dense(4, bias_regularizer="l2", name="scores")(z))
    return keras.Model(inputs, outputs)


def dropout():
    return keras.Sequential(
        [keras.Input((5,)), layers.Dense(6), layers.ReLU(6.0), layers.Dropout(0.4, seed=1), layers.Dense(2, "softmax")]
    )


def shared():
    dense = layers.Dense(4, activation="relu")
    inputs = keras.Input((4,))
    other = keras.Input((4,))
    x = layers.Concatenate()([dense(dense(inputs)), dense(other)])
    return keras.Model(inputs=[inputs, other], outputs=layers.Dense(2)(x))


def pictures():
    inputs = keras.Input((9, 9, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(inputs)
    x = layers.Conv2D(4, 3, strides=2, padding="valid", activation="relu")(x)
    x = layers.SeparableConv2D(6, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.DepthwiseConv2D(2, depth_multiplier=2)(x)
    x = layers.AveragePooling2D(1)(x)
    x = layers.Flatten()(x)
    body = keras.Model(inputs, x, name="body")
    body.trainable = False
    outputs = layers.Dense(3, activation="softmax")(body.output)
    return keras.Model(inputs, outputs)


def mobilenet(alpha=0.25, size=128):
    return keras.applications.MobileNet(alpha=alpha, weights=None, include_top=False, input_shape=(size, size, 3))


def nested(alpha=0.25, size=128):
    base = mobilenet(alpha, size)
    base.trainable = False
    inputs = keras.Input((size, size, 3))
    x = layers.GlobalAveragePooling2D()(base(inputs))
    x = layers.Dense(5, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def nested_in_sequential():
    base = mobilenet()
    base.trainable = False
    return keras.Sequential([keras.Input((128, 128, 3)), base, layers.GlobalMaxPooling2D(), layers.Dense(2, "softmax")])


def flattened(alpha=0.25, size=128):
    base = mobilenet(alpha, size)
    for layer in base.layers:
        layer.trainable = False
    x = layers.GlobalAveragePooling2D()(base.output)
    x = layers.Dense(7, activation="relu")(x)
    return keras.Model(base.input, layers.Dense(3, activation="softmax")(x))


def mobilenet_v2(alpha=0.35, size=96):
    base = keras.applications.MobileNetV2(alpha=alpha, weights=None, include_top=False, input_shape=(size, size, 3))
    base.trainable = False
    x = layers.GlobalAveragePooling2D()(base.output)
    return keras.Model(base.input, layers.Dense(3, activation="softmax")(x))


def case(name):
    """A function that makes the model, the shape of its data, classes, and the arguments of `compile`."""
    if "-" in name:
        network, alpha, size = name.split("-")
        build, size = {"nested": nested, "flattened": flattened, "mobilenet_v2": mobilenet_v2}[network], int(size)
        return lambda: build(float(alpha), size), (size, size, 3), 3, dict(optimizer="rmsprop")
    rms, losses = keras.optimizers.RMSprop, keras.losses
    schedule = keras.optimizers.schedules.PolynomialDecay(0.01, 20, 0.001)
    return {
        "dense_head": (dense_head, (6,), 3, dict(optimizer="rmsprop")),
        "wide_head": (wide_head, (3,), 2, dict(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")),
        "functional": (functional, (5,), 4, dict(optimizer=rms(0.01, momentum=0.9, centered=True))),
        "adamw": (functional, (5,), 4, dict(optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.01, amsgrad=True))),
        "sgd": (
            dense_head,
            (6,),
            3,
            dict(
                optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
                loss=losses.CategoricalCrossentropy(label_smoothing=0.1),
                metrics=[keras.metrics.CategoricalAccuracy()],
            ),
        ),
        "scheduled": (dense_head, (6,), 3, dict(optimizer=rms(schedule), loss="mse")),
        "dropout": (dropout, (5,), 2, dict(optimizer="rmsprop")),
        "shared": (shared, (4,), 2, dict(optimizer="adam", loss="mse", metrics=None)),
        "pictures": (pictures, (9, 9, 3), 3, dict(optimizer="adam")),
        "nested": (nested, (128, 128, 3), 3, dict(optimizer="rmsprop")),
        "nested_in_sequential": (nested_in_sequential, (128, 128, 3), 2, dict(optimizer="adam")),
        "flattened": (flattened, (128, 128, 3), 3, dict(optimizer="rmsprop")),
        "mobilenet_v2": (mobilenet_v2, (96, 96, 3), 3, dict(optimizer="rmsprop")),
    }[name]


def compiled(name):
    """The models by name, compiled: `nested-0.5-160` is MobileNet of width 0.5 for pictures of 160 pixels, nested."""
    keras.utils.set_random_seed(len(name))
    build, shape, classes, arguments = case(name)
    model = build()
    spread_statistics(model)
    model.compile(**{"loss": "categorical_crossentropy", "metrics": ["accuracy"], **arguments})
    # Tracing would take most of the time.
    model.run_eagerly = True
    return model, shape, classes


def spread_statistics(model):
    """Gives every BatchNormalization statistics as training leaves them, rather than zeros and ones."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            spread_statistics(layer)
        elif isinstance(layer, layers.BatchNormalization):
            ranges = [(0.5, 1.5), (-0.5, 0.5), (-0.2, 0.2), (0.5, 1.5)]
            shape = layer.get_weights()[0].shape
            layer.set_weights([np.random.uniform(low, high, shape) for low, high in ranges])


def samples(model, shape, classes):
    count = 14 if len(shape) == 1 else 6 if shape[0] <= 128 else 2
    x, y = data((count, *shape), classes)
    return ([x, x[::-1].copy()] if len(model.inputs) == 2 else x), y


def summary(model):
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    return "\n".join(lines)


def describe(model, x, y):
    """What both sides must agree on; trains for one epoch."""
    model.run_eagerly = True
    result = {
        "predictions": np.asarray(model.predict(x, verbose=0)).ravel().tolist(),
        "summary": summary(model),
    }
    history = model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history
    return {**result, "history": {key: values[0] for key, values in history.items()}}


def make(name, folder, formats):
    model, shape, classes = compiled(name)
    x, y = samples(model, shape, classes)
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    result = {"json": model.to_json(), "shape": shape, "classes": classes, "inputs": len(model.inputs)}
    # Keras 3.15.1 forgets the optimizer's configuration once it has saved a .h5 file.
    for ending in sorted(formats, key=lambda ending: ending == "h5"):
        path = f"{folder}/{name}.{ending}"
        if ending in ("weights.h5", "old.h5"):
            model.save_weights(path)
        else:
            model.save(path)
    return {**result, **describe(model, x, y)}


def load(path, shape, classes, weights=None):
    """Loads a model, and weights by name if there are any, goes on training, and tells what came of it."""
    model = keras.models.load_model(path)
    if path.endswith(".h5") and is_keras3:
        restore(model, path)
    if weights:
        model.set_weights([0 * value for value in model.get_weights()])
        model.load_weights(weights, by_name=True)
    x, y = samples(model, shape, classes)
    return describe(model, x, y)


def restore(model, path):
    """Keras 3.15.1 builds the optimizer of a .h5 file for no variables, so that it cannot train: this does it right."""
    with h5py.File(path) as file:
        config = json.loads(file.attrs["training_config"])["optimizer_config"]["config"]
        group = file["optimizer_weights"]
        values = [group[name][()] for name in group.attrs["weight_names"]]
    optimizer = type(model.optimizer).from_config({k: v for k, v in config.items() if k != "is_legacy_optimizer"})
    optimizer.build(model.trainable_variables)
    # Keras 2, whose order this is, has the learning rate in the configuration alone.
    variables = [variable for variable in optimizer.variables if variable.name != "learning_rate"]
    assert len(variables) == len(values), (len(variables), len(values))
    for variable, value in zip(variables, values):
        assert tuple(variable.shape) == value.shape, variable.path
        variable.assign(value)
    model.compile(optimizer, loss=model.loss, metrics=["accuracy"])


def load_weights(name, paths):
    """Loads weights into the model as Python makes it, file after file, and goes on training from the last."""
    model, shape, classes = compiled(name)
    x, y = samples(model, shape, classes)
    if is_keras3:
        model.optimizer.build(model.trainable_variables)
    predictions = []
    for path in paths:
        model.load_weights(path)
        predictions.append(model.predict(x, verbose=0).ravel().tolist())
    return {"each": predictions, **describe(model, x, y)}


def evaluate(path, shape, classes, sparse):
    """Predictions and metrics of a model that Python never saw."""
    model = keras.models.load_model(path)
    x, y = samples(model, shape, classes)
    if sparse:
        y = y.argmax(axis=1).reshape(-1, 1).astype("float32")
    model.run_eagerly = True
    predictions = np.asarray(model.predict(x, verbose=0)).ravel().tolist()
    history = model.evaluate(x, y, verbose=0, return_dict=True)
    # Of a .h5 file's optimizer Keras 3.15.1 knows the number of steps alone, and counts that.
    return {"predictions": predictions, "summary": summary(keras.models.load_model(path, compile=False)), "history": history}


def train_on(path, shape, classes):
    """What Python says to going on from a file without more ado."""
    model = keras.models.load_model(path)
    try:
        model.fit(*samples(model, shape, classes), verbose=0)
    except ValueError as error:
        return str(error)


def answer(requests):
    results = []
    for request in requests:
        keras.backend.clear_session()
        results.append(globals()[request.pop("do")](**request))
    return results


serve(answer)
