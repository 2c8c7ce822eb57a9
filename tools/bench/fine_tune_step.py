"""Keras's steps of fine-tuning, for bench/fine-tune.ts: the last blocks of MobileNet and a dense head, from the
activations where the frozen part ends.

Arguments: blocks, 'frozen' or 'trained' BatchNormalization, epochs of five batches of 16.
Prints JSON: milliseconds of a step, the median of all epochs but the first.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

blocks, normalisation, epochs = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
batches, batch_size, classes = 5, 16, 6

base = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(224, 224, 3))
first = next(i for i, layer in enumerate(base.layers) if layer.name.endswith(f"_{14 - blocks}"))
for i, layer in enumerate(base.layers):
    layer.trainable = i >= first and not (normalisation == "frozen" and "Batch" in type(layer).__name__)
boundary = base.layers[first].input
x = keras.layers.GlobalAveragePooling2D()(base.output)
whole = keras.Model(base.input, keras.layers.Dense(classes, activation="softmax")(x))
tail = keras.Model(boundary, whole.output)
tail.compile(optimizer=keras.optimizers.RMSprop(1e-5), loss="categorical_crossentropy", jit_compile=sys.argv[4:] == ["jit"])
features = np.random.RandomState(1).uniform(0, 6, [batches * batch_size, *boundary.shape[1:]]).astype("float32")
targets = np.eye(classes, dtype="float32")[np.arange(batches * batch_size) % classes]
times = []
for _ in range(epochs):
    began = time.perf_counter()
    for batch in range(batches):
        rows = slice(batch * batch_size, (batch + 1) * batch_size)
        tail.train_on_batch(features[rows], targets[rows])
    times.append(1000 * (time.perf_counter() - began) / batches)
print(json.dumps({"step": float(np.median(times[1:])), "fastest": min(times)}))
