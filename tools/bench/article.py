"""The article's job in Keras: augmented pictures through a frozen MobileNet into a dense head, for some epochs.

Arguments: folder of training pictures, folder of test pictures, epochs, views of each picture an epoch.
Prints JSON: seconds of fit, samples an epoch, versions. Weights are random, which takes as long as others.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # noqa: E402

train, test = sys.argv[1:3]
epochs, views = map(int, sys.argv[3:5])

augmenting = ImageDataGenerator(
    rescale=1 / 255,
    rotation_range=12,
    width_shift_range=0.08,
    height_shift_range=0.08,
    zoom_range=0.12,
    brightness_range=(0.85, 1.15),
    horizontal_flip=True,
)
shape = {"target_size": (224, 224), "batch_size": 16, "class_mode": "categorical"}
training = augmenting.flow_from_directory(train, **shape)
validation = ImageDataGenerator(rescale=1 / 255).flow_from_directory(test, shuffle=False, **shape)

base = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(224, 224, 3))
base.trainable = False
x = keras.layers.GlobalAveragePooling2D()(base.output)
for units in (1024, 512, 512):
    x = keras.layers.Dense(units, activation="relu")(x)
model = keras.Model(base.input, keras.layers.Dense(training.num_classes, activation="softmax")(x))
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])

# One pass of Keras is one view of each picture: `views` of them make an epoch of ours, validated at its end.
began = time.perf_counter()
model.fit(training, epochs=epochs * views, validation_data=validation, validation_freq=views, verbose=0)
seconds = time.perf_counter() - began
print(
    json.dumps(
        {
            "seconds": seconds,
            "samples": training.samples * views,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        }
    )
)
