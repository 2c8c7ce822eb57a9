"""Processor milliseconds of Keras's networks for one picture, on one thread, as JSON: networks.py ROUNDS SIZES."""

import json
import os
import statistics
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def milliseconds(name, size, rounds):
    keras.utils.clear_session()
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3)
    )
    run = tf.function(lambda x: model(x, training=False), jit_compile=False)
    x = tf.constant(np.random.default_rng(0).random((1, size, size, 3), dtype=np.float32))
    run(x)
    times = []
    for _ in range(rounds):
        began = time.process_time()
        run(x)
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times)


rounds, sizes = int(sys.argv[1]), json.loads(sys.argv[2])
print(json.dumps({name: milliseconds(name, size, rounds) for name, size in sizes.items()}))
