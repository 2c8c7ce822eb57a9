"""Trains what test/parity/fit.test.ts asks for with Keras."""

import base64
import contextlib
import io
import os
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from serving import serve


def unpack(packed):
    data = np.frombuffer(base64.b64decode(packed["data"]), "<f4")
    return data.reshape(packed["dims"]).copy()


def pack(array):
    array = np.ascontiguousarray(array, "<f4")
    return {
        "dims": list(array.shape),
        "data": base64.b64encode(array.tobytes()).decode(),
    }


def head(units):
    model = keras.Sequential([layers.Input((6,))])
    for k, count in enumerate(units[:-1]):
        model.add(layers.Dense(count, activation="relu"))
        if k == 0:
            model.add(layers.BatchNormalization())
    model.add(layers.Dense(units[-1], activation="softmax", kernel_regularizer="l2"))
    return model


def article(alpha, size, units, weights=None):
    base = keras.applications.MobileNet(
        alpha=alpha, include_top=False, weights=weights, input_shape=(size, size, 3)
    )
    for layer in base.layers:
        layer.trainable = False
    x = layers.GlobalAveragePooling2D()(base.output)
    for count in units[:-1]:
        x = layers.Dense(count, activation="relu")(x)
    x = layers.Dense(units[-1], activation="softmax")(x)
    return keras.Model(inputs=base.input, outputs=x)


def iterator(request):
    generator = ImageDataGenerator(**request["generator"])
    return generator.flow_from_directory(request["directory"], **request["flow"])


def data_of(request, name):
    data = request.get(name)
    if data is None:
        return None
    if "directory" in data:
        return iterator(data)
    return tuple(unpack(array) for array in data["arrays"])


def answer(request):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        build = {"head": head, "article": article}[request["model"]]
        model = build(**request["options"])
        weights = unpack(request["weights"]).ravel()
        values, at = [], 0
        for weight in model.weights:
            size = int(np.prod(weight.shape))
            values.append(weights[at : at + size].reshape(weight.shape))
            at += size
        assert at == weights.size, (at, weights.size)
        model.set_weights(values)
        model.compile(
            optimizer=keras.optimizers.RMSprop(learning_rate=request["learning_rate"]),
            loss="categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=request["jit_compile"],
            # A small model takes its few steps in less time than it is traced in.
            run_eagerly=request["model"] == "head",
        )
        keras.utils.set_random_seed(request["seed"])
        fit = dict(request["fit"])
        if "class_weight" in fit:
            fit["class_weight"] = {int(k): v for k, v in fit["class_weight"].items()}
        if "sample_weight" in fit:
            fit["sample_weight"] = unpack(fit["sample_weight"])
        data = data_of(request, "data")
        validation = data_of(request, "validation")
        arguments = data if isinstance(data, tuple) else (data,)
        epochs = []
        history = model.fit(
            *arguments,
            validation_data=validation,
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_epoch_end=lambda epoch, logs: epochs.append(epoch)
                )
            ],
            **fit,
        )
        results = {"history": history.history, "epochs": epochs}
        last = data_of(request, "evaluate")
        if last is not None:
            arguments = last if isinstance(last, tuple) else (last,)
            results["evaluated"] = model.evaluate(*arguments, return_dict=True)
            results["predicted"] = pack(model.predict(arguments[0]))
        results["weights"] = pack(
            np.concatenate([w.ravel() for w in model.get_weights()] or [np.zeros(0)])
        )
        results["iterations"] = int(model.optimizer.iterations.numpy())
    results["printed"] = out.getvalue()
    results["warned"] = [str(w.message) for w in warned if "ran out" in str(w.message)]
    return results


serve(lambda requests: [answer(request) for request in requests])
