"""Keras's answers for training.test.ts and tools/goldens/training.py: a line of JSON each way.

A case names layers, optimizer, loss and metrics as `[class, options]`. Data and initial weights come from its seed.
"""

import base64
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from serving import serve


def packed(array):
    """Float32 as Base64, with the shape."""
    array = np.asarray(array, "<f4")
    return {"dims": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def is_pair(value):
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)


def make(module, spec):
    """An object from its name, or from its class and options; options may be objects themselves."""
    if isinstance(spec, str):
        return spec
    name, options = spec
    inner = {"learning_rate": keras.optimizers.schedules, "kernel_regularizer": keras.regularizers}
    inner["alpha_regularizer"] = keras.regularizers
    for weight in ["bias", "depthwise", "pointwise"]:
        inner[f"{weight}_regularizer"] = keras.regularizers
    made = {key: make(inner[key], value) if is_pair(value) else value for key, value in options.items()}
    return getattr(module, name)(**made)


def build(case):
    """The functional model; a third entry of a layer are branches whose ends it joins."""
    inputs = keras.Input(case["input"])

    def through(x, layers):
        for spec in layers:
            layer = make(keras.layers, spec[:2])
            x = layer([through(x, branch) for branch in spec[2]] if len(spec) == 3 else x)
        return x

    return keras.Model(inputs, through(inputs, case["layers"]))


def data(case, shape):
    """Inputs, and targets that follow from them but for noise, so that the loss falls and stays off 0.

    `shape` is that of outputs, the batch first.
    """
    classes = shape[-1]
    outputs = int(np.prod(shape[1:]))
    random = np.random.RandomState(case["seed"])
    count = case["samples"]
    x = random.normal(0, 1, [count, *case["input"]]).astype("float32")
    scores = x.reshape(count, -1) @ random.normal(0, 1, [x[0].size, outputs]) / np.sqrt(x[0].size)
    scores += random.normal(0, 0.7, scores.shape)
    scores = scores.reshape(count, *shape[1:])
    y = {
        "one_hot": lambda: np.eye(classes)[scores.argmax(-1)],
        "indices": lambda: scores.argmax(-1)[..., None],
        "bits": lambda: scores > 0,
        "reals": lambda: scores,
        "column": lambda: scores.mean(-1, keepdims=True),
    }[case["targets"]]().astype("float32")
    return random, x, y


def run(case):
    """Trains step by step, or with `fit` where the case has epochs."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(case["seed"])
    model = build(case)
    random, x, y = data(case, model.output_shape)
    initial = [
        np.abs(w) if "variance" in v.name else w
        for v in model.weights
        for w in [(v.numpy() if "kernel" in v.name else 0) + random.normal(0, 0.2, v.shape).astype("float32")]
    ]
    if any(not layer.trainable for layer in model.layers):
        raise ValueError("Cases train every layer.")
    model.set_weights(initial)
    optimizer = make(keras.optimizers, case["optimizer"])
    loss = make(keras.losses, case["loss"])
    metrics = [make(keras.metrics, metric) for metric in case.get("metrics", [])]
    eager = case.get("eager", False)
    weighted = [make(keras.metrics, metric) for metric in case.get("weighted_metrics", [])]
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=metrics,
        weighted_metrics=weighted,
        jit_compile=False,
        run_eagerly=eager,
    )
    # Keras takes weights of samples with an axis for each of the losses' axes.
    ones = [1] * (len(model.output_shape) - 2)
    weight = random.uniform(0.2, 2, [len(x), *ones]).astype("float32") if case.get("sample_weight") else None
    classes = {int(key): value for key, value in case.get("class_weight", {}).items()} or None

    answer = {"x": packed(x), "y": packed(y), "initial": [packed(w) for w in initial]}
    if weight is not None:
        answer["sample_weight"] = packed(weight)
    if "epochs" in case:
        history = model.fit(
            x,
            y,
            batch_size=case["batch"],
            epochs=case["epochs"],
            shuffle=False,
            sample_weight=weight,
            class_weight=classes,
            validation_split=case.get("validation_split", 0),
            verbose=0,
        ).history
        # Of metrics with several thresholds or classes, each epoch has an array.
        answer["history"] = {name: [np.asarray(value).tolist() for value in values] for name, values in history.items()}
    else:
        losses = []
        for step in range(case["steps"]):
            start = step * case["batch"] % (len(x) // case["batch"] * case["batch"])
            rows = slice(start, start + case["batch"])
            model.reset_metrics()
            result = model.train_on_batch(
                x[rows],
                y[rows],
                sample_weight=None if weight is None else weight[rows],
                class_weight=classes,
                return_dict=True,
            )
            losses.append(float(result["loss"]))
        answer["losses"] = losses
    answer["final"] = [packed(w) for w in model.get_weights()]
    answer["slots"] = [[v.name, packed(v)] for v in model.optimizer.variables[case_offset(model.optimizer) :]]
    answer["configs"] = {
        "optimizer": optimizer.get_config() if not isinstance(optimizer, str) else None,
        "loss": loss.get_config() if not isinstance(loss, str) else None,
        "metrics": [m.get_config() for m in metrics if not isinstance(m, str)],
        "layers": [layer.get_config() for layer in model.layers],
    }
    return answer


def case_offset(optimizer):
    """How many of an optimizer's variables are no slots: the count of steps, and the rate unless a schedule sets it."""
    scheduled = isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)
    return 1 if scheduled else 2


def schedule(case):
    made = make(keras.optimizers.schedules, case)
    steps = [float(made(np.int64(step))) for step in range(200)]
    return {"rates": steps, "config": keras.optimizers.schedules.serialize(made)}


def measure(case):
    """Metrics of outputs that are 0, 1, on thresholds, and equal among themselves."""
    random = np.random.RandomState(case["seed"])
    outputs = (random.randint(0, 9, [case["samples"], case["classes"]]) / 8).astype("float32")
    bits = random.randint(0, 2, outputs.shape)
    one_hot = np.eye(case["classes"])[bits.argmax(1)]
    indices = bits.argmax(1)[:, None]
    targets = {"one_hot": one_hot, "indices": indices, "classes": indices}.get(case["target_form"], bits)
    targets = targets.astype("float32")
    if case["target_form"] == "classes":
        outputs = random.randint(-1, case["classes"] + 1, targets.shape).astype("float32")
    results = []
    for spec in case["metrics"]:
        metric = make(keras.metrics, spec)
        metric.update_state(targets, outputs)
        results.append(np.asarray(metric.result()).tolist())
    return {"outputs": packed(outputs), "targets": packed(targets), "results": results}


def answers(request):
    return {
        "cases": [run(case) for case in request.get("cases", [])],
        "measured": [measure(case) for case in request.get("measured", [])],
        "schedules": [schedule(case) for case in request.get("schedules", [])],
    }


if __name__ == "__main__":
    serve(answers)
