"""Drives Keras's own callbacks through given runs, with a stub model, a set clock and captured output.

`test/callbacks/run-scenario.ts` does the same with this project's callbacks.
"""

import contextlib
import io
import math
import os
import tempfile
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
from keras.src.callbacks.callback_list import CallbackList
from keras.src.trainers import compile_utils
from keras.src.utils import progbar
from serving import serve

UP = {"accuracy", "auc"}


# Callbacks ask for their names and directions alone, so that all models share them.
METRICS = [
    compile_utils.MetricsList(
        [
            *[keras.metrics.BinaryAccuracy(name=name) for name in ("accuracy", "auc")],
            keras.metrics.MeanSquaredError(name="mse"),
        ]
    )
]


class StubModel:
    """The parts of a model that callbacks use. Its weights are the number of the epoch that trained them."""

    def __init__(self, learning_rate):
        self.stop_training = False
        self.built = True
        self.optimizer = keras.optimizers.SGD(learning_rate)
        self.optimizer.build([])
        self.metrics = METRICS
        self.weights = -1
        self._initial_epoch = None

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path, overwrite=True):
        with open(path, "w") as file:
            file.write(f"model {self.weights}")

    def save_weights(self, filepath, overwrite=True):
        with open(filepath, "w") as file:
            file.write(f"weights {self.weights}")

    def load_weights(self, path):
        with open(path) as file:
            self.weights = int(file.read().split()[1])


class Clock:
    """Each reading is later than the one before by the next of the given ticks."""

    def __init__(self, ticks):
        self.ticks, self.readings, self.now = ticks, 0, 1.7e9

    def time(self):
        self.now += self.ticks[self.readings % len(self.ticks)]
        self.readings += 1
        return self.now


def numbers(logs):
    """JSON has no NaN: such values come as text."""
    return {name: float(value) for name, value in logs.items()}


def texts(value):
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    return value


def make(spec):
    options = dict(spec["options"])
    if spec["type"] == "LearningRateScheduler":
        factor = options.pop("factor")
        options["schedule"] = lambda epoch, rate: rate * factor
    return getattr(keras.callbacks, spec["type"])(**options)


def fit(model, scenario, epochs):
    callbacks = CallbackList(
        [make(spec) for spec in scenario["callbacks"]],
        add_history=True,
        add_progbar=scenario["verbose"] != 0,
        verbose=scenario["verbose"],
        epochs=len(scenario["epochs"]),
        steps=scenario["steps"],
        model=model,
    )
    # One thread, so that the readings of the clock keep their order.
    callbacks._async_train = callbacks._async_test = callbacks._async_predict = False
    model.stop_training = False
    rates, logs = [], None
    callbacks.on_train_begin()
    for epoch in range(model._initial_epoch or 0, epochs):
        run = scenario["epochs"][epoch]
        callbacks.on_epoch_begin(epoch)
        for batch, logs in enumerate(run["batches"]):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, numbers(logs))
            if model.stop_training:
                break
        model.weights = epoch
        callbacks.on_test_begin()
        callbacks.on_test_batch_begin(0)
        callbacks.on_test_batch_end(0, numbers(run["logs"]))
        callbacks.on_test_end(numbers(run["logs"]))
        logs = numbers(run["logs"])
        callbacks.on_epoch_end(epoch, logs)
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    if epochs == len(scenario["epochs"]):
        callbacks.on_train_end(logs)
    return rates


def evaluate(model, scenario):
    """`evaluate`, or `predict`, on the first epoch's batches."""
    callbacks = CallbackList(
        add_progbar=scenario["verbose"] != 0,
        verbose=scenario["verbose"],
        epochs=1,
        steps=scenario["steps"],
        model=model,
    )
    callbacks._async_test = callbacks._async_predict = False
    mode = scenario["mode"]
    hook = lambda name: getattr(callbacks, f"on_{mode}_{name}")
    hook("begin")()
    for batch, logs in enumerate(scenario["epochs"][0]["batches"]):
        hook("batch_begin")(batch)
        hook("batch_end")(batch, numbers(logs))
    hook("end")(numbers(scenario["epochs"][0]["logs"]) if mode == "test" else None)


def draw(scenario):
    """The text that `Progbar` prints for given updates: steps, values and whether they are the last."""
    clock = Clock(scenario["ticks"])
    progbar.time = clock
    options = dict(scenario["options"])
    dynamic = options.pop("dynamic_display", True)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        bar = keras.utils.Progbar(**options)
        bar._dynamic_display = dynamic
        for current, values, finalize in scenario["updates"]:
            bar.update(current, list(values.items()), finalize)
    return out.getvalue()


def run(scenario):
    clock = Clock(scenario["ticks"])
    progbar.time = clock
    out, error, rates, model = io.StringIO(), None, [], None
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, content in scenario.get("files", {}).items():
            with open(name, "w", newline="") as file:
                file.write(content)
        with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            try:
                if "mode" in scenario:
                    evaluate(StubModel(scenario["learningRate"]), scenario)
                    scenario = scenario | {"epochs": []}
                for epochs in [*scenario.get("interruptions", []), len(scenario["epochs"])]:
                    model = StubModel(scenario["learningRate"])
                    rates.append(fit(model, scenario, epochs))
            except Exception as exception:
                error = f"{type(exception).__name__}: {exception.args[0]}"
        files = {}
        for root, _, names in os.walk("."):
            for name in names:
                path = os.path.relpath(os.path.join(root, name), ".")
                with open(path, newline="") as file:
                    files[path] = file.read()
    history = getattr(model, "history", None)
    return texts(
        {
            "out": out.getvalue(),
            "warnings": list(dict.fromkeys(str(w.message) for w in caught if w.category is UserWarning)),
            "error": error,
            "rates": rates,
            "weights": model.weights if model else None,
            "stopped": model.stop_training if model else None,
            "epoch": getattr(history, "epoch", None),
            "history": history.history if history else None,
            "files": dict(sorted(files.items())),
        }
    )


def format_numbers(cases):
    """Python's `format`; the first of a case says whether the number is an integer."""
    return [format(int(value) if integer else float(value), spec) for integer, value, spec in cases]


if __name__ == "__main__":
    serve(
        lambda request: {
            "bars": [draw(scenario) for scenario in request.get("bars", [])],
            "formats": format_numbers(request.get("formats", [])),
            "scenarios": [run(scenario) for scenario in request.get("scenarios", [])],
        }
    )
