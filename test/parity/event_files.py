"""Runs Keras's TensorBoard callback on given logs; its events come back with a set time, as base64.

Needs the package tensorboard. `test/callbacks/event-files.test.ts` does the same with this project's callback.
"""

import base64
import glob
import os
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.util import event_pb2

TIME = 1.7e9 + 0.25


def head(weights):
    """A Dense layer of these weights, within a Sequential."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head")], name="small")
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.optimizer.build(model.trainable_variables)
    model.to_json = lambda: '{"class_name": "Sequential", "ä": 1}'
    model.set_weights([np.array(weights[0], "float32").reshape(3, 2), np.array(weights[1], "float32")])
    return model


def run(scenario):
    """Three batches and two of validation an epoch."""
    model = head(scenario["weights"])
    with tempfile.TemporaryDirectory() as folder:
        callback = keras.callbacks.TensorBoard(folder, **scenario["options"])
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, (batches, logs) in enumerate(scenario["epochs"]):
            callback.on_epoch_begin(epoch)
            for batch, batch_logs in enumerate(batches):
                callback.on_train_batch_begin(batch)
                model.optimizer.iterations.assign_add(1)
                callback.on_train_batch_end(batch, batch_logs)
            callback.on_test_begin()
            for batch in range(2):
                callback.on_test_batch_begin(batch)
                callback.on_test_batch_end(batch, {})
            callback.on_test_end({k[4:]: v for k, v in logs.items() if k.startswith("val_")})
            callback.on_epoch_end(epoch, dict(logs))
        callback.on_train_end()
        return {part: with_set_time(os.path.join(folder, part)) for part in ("train", "validation")}


def with_set_time(folder):
    (path,) = glob.glob(f"{folder}/*")
    events = [
        event_pb2.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(path)
    ]
    copy = f"{folder}/copy"
    with tf.io.TFRecordWriter(copy) as writer:
        for event in events:
            event.wall_time = TIME
            writer.write(event.SerializeToString(deterministic=True))
    with open(copy, "rb") as file:
        return base64.b64encode(file.read()).decode()
