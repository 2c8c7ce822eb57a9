"""A fine-tuning job in Keras, for bench/fine-tune.ts: pictures from files, the last three blocks of MobileNet and a
dense head trained, the model saved.

Arguments: folder of pictures, epochs, file to save. Prints JSON: seconds without importing Keras, the last epoch's loss.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # noqa: E402

folder, epochs, file = sys.argv[1:4]
began = time.perf_counter()
photos = ImageDataGenerator(preprocessing_function=keras.applications.mobilenet.preprocess_input)
training = photos.flow_from_directory(folder, target_size=(224, 224), batch_size=16)
base = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(224, 224, 3))
first = next(i for i, layer in enumerate(base.layers) if layer.name.endswith("_11"))
for i, layer in enumerate(base.layers):
    layer.trainable = i >= first and not isinstance(layer, keras.layers.BatchNormalization)
x = keras.layers.GlobalAveragePooling2D()(base.output)
model = keras.Model(base.input, keras.layers.Dense(training.num_classes, activation="softmax")(x))
model.compile(optimizer=keras.optimizers.RMSprop(1e-5), loss="categorical_crossentropy")
history = model.fit(training, epochs=int(epochs), verbose=0).history
model.save(file)
print(json.dumps({"seconds": time.perf_counter() - began, "loss": history["loss"][-1]}))
