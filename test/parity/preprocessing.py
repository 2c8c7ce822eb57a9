"""Runs Keras's own ImageDataGenerator on given settings.

Arrays travel as base64 of little-endian float32. `test/preprocessing/run-generator.ts` does the same with this
project's generator, and `tools/goldens/preprocessing.py` keeps some results.
"""

import base64
import contextlib
import io
import os
import random
import re
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from serving import serve


def invert(x):
    return 255.0 - x


def snake(options):
    return {re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), key): value for key, value in options.items()}


def pack(array):
    array = np.asarray(array)
    return {
        "dims": list(array.shape),
        "data": base64.b64encode(array.astype("<f4").tobytes()).decode(),
    }


def unpack(packed):
    data = np.frombuffer(base64.b64decode(packed["data"]), "<f4")
    return data.reshape(packed["dims"]).copy()


def camel(parameters):
    return {
        re.sub(r"_(.)", lambda m: m[1].upper(), key): bool(value)
        if key.startswith("flip")
        else None
        if value is None
        else float(value)
        for key, value in parameters.items()
    }


def run(request):
    """Takes `batches` batches by `next`, then `items` by index."""
    options = snake(request["generator"])
    if options.get("preprocessing_function"):
        options["preprocessing_function"] = {"invert": invert}[options["preprocessing_function"]]
    drawn = []
    printed = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        generator = ImageDataGenerator(**options)
        draw = generator.get_random_transform

        def record(shape, seed=None):
            drawn.append(draw(shape, seed))
            return drawn[-1]

        generator.get_random_transform = record
        keras.utils.set_random_seed(request["globalSeed"])
        if "fit" in request:
            generator.fit(unpack(request["fit"]["x"]), **snake(request["fit"]["options"]))
        if "directory" in request:
            flow = generator.flow_from_directory(request["directory"], **snake(request["flow"]))
        else:
            y = unpack(request["y"]) if "y" in request else None
            flow = generator.flow(unpack(request["x"]), y, **snake(request["flow"]))
        batches = [next(flow) for _ in range(request["batches"])]
        batches += [flow[i] for i in request.get("items", [])]
    batches = [batch if isinstance(batch, tuple) else (batch,) for batch in batches]
    return {
        "batches": [[pack(array) for array in batch] for batch in batches],
        "drawn": [camel(parameters) for parameters in drawn],
        "filenames": list(getattr(flow, "filenames", [])),
        "classIndices": getattr(flow, "class_indices", {}),
        "printed": printed.getvalue(),
        "warnings": list(
            dict.fromkeys(str(w.message) for w in caught if w.category is UserWarning)
        ),
        "statistics": [
            pack(value)
            for value in (generator.mean, generator.std, generator.zca_whitening_matrix)
            if value is not None
        ],
        # The next number of the stream: nothing else was drawn.
        "next": np.random.random(),
    }


def run_dataset(request):
    """Takes one pass of `image_dataset_from_directory`; of a shuffled one only what comes before TensorFlow."""
    options = snake(request["dataset"])
    printed = io.StringIO()
    keras.utils.set_random_seed(request["globalSeed"])
    with contextlib.redirect_stdout(printed):
        datasets = keras.utils.image_dataset_from_directory(request["directory"], **options)
    if not isinstance(datasets, list):
        datasets = [datasets]
    is_ordered = not options["shuffle"]
    passes = [list(dataset.as_numpy_iterator()) if is_ordered else [] for dataset in datasets]
    return {
        "printed": printed.getvalue(),
        "classNames": datasets[0].class_names,
        "filePaths": [list(dataset.file_paths) for dataset in datasets],
        "lengths": [len(dataset) for dataset in datasets],
        "passes": [
            [[pack(array) for array in (batch if isinstance(batch, tuple) else (batch,))] for batch in batches]
            for batches in passes
        ],
    }


def run_fit(request):
    """Trains on pictures that are numbered by their labels, and records which batches each pass takes."""
    x = np.zeros((request["count"], 2, 2, 3))
    y = np.arange(request["count"], dtype="float32")
    keras.utils.set_random_seed(request["globalSeed"])
    model = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    # Tracing would take most of the time.
    model.compile("sgd", "mse", run_eagerly=True)
    random.seed(request["globalSeed"])
    np.random.seed(request["globalSeed"])
    flow = ImageDataGenerator(rotation_range=10).flow(x, y, **snake(request["flow"]))
    passes = []
    get, end = flow.__class__.__getitem__, flow.on_epoch_end

    class Recorder(flow.__class__):
        def __getitem__(self, index):
            batch = get(self, index)
            passes[-1].append(batch[1].tolist())
            return batch

        def on_epoch_end(self):
            passes.append([])
            end()

    flow.__class__ = Recorder
    passes.append([])
    model.fit(flow, epochs=request["epochs"], verbose=0, shuffle=request["shuffle"])
    # First what Keras looked at to learn the shapes, last the pass that it no longer ran.
    return passes[1:-1]


def answer(request):
    if "dataset" in request:
        return run_dataset(request)
    return run_fit(request) if "epochs" in request else run(request)


if __name__ == "__main__":
    serve(lambda requests: [answer(request) for request in requests])
