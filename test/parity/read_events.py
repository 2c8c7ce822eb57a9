"""Reads TensorBoard's event files with TensorFlow: [part, step, tag, value] of each scalar in a folder."""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import tensorflow as tf
from serving import serve


def scalars(folder):
    return [
        [path.parent.name, event.step, value.tag, float(tf.make_ndarray(value.tensor))]
        for path in sorted(pathlib.Path(folder).glob("*/events.out.tfevents.*"))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == "scalars"
    ]


serve(scalars)
