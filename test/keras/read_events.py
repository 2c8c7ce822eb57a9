"""Reads TensorBoard's event files with TensorFlow: prints [part, step, tag, value] of each scalar in a folder."""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import tensorflow as tf

scalars = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/events.out.tfevents.*")):
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "scalars":
                number = float(tf.make_ndarray(value.tensor))
                scalars.append([path.parent.name, event.step, value.tag, number])
json.dump(scalars, sys.stdout)
