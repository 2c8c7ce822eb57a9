# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy==2.4.6", "scipy==1.17.1", "pillow==13.0.0"]
# ///
"""Keras's ImageDataGenerator, for test/preprocessing/generator.test.ts. Writes test/golden/preprocessing.json."""

import json
import pathlib
import sys
import tempfile

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "test" / "keras"))

import keras
import numpy as np
import PIL
import scipy
from PIL import Image
from preprocessing import pack, run, run_dataset, run_fit

random = np.random.RandomState(1)
pictures = random.randint(0, 256, (4, 4, 5, 3))

every_transform = {
    "rotationRange": 40,
    "widthShiftRange": 0.2,
    "heightShiftRange": [-1, 2],
    "brightnessRange": [0.5, 1.5],
    "shearRange": 15,
    "zoomRange": 0.3,
    "channelShiftRange": 30,
    "horizontalFlip": True,
    "verticalFlip": True,
}
requests = {
    "every transform": {
        "generator": {**every_transform, "rescale": 1 / 255},
        "flow": {"batchSize": 3, "seed": 42},
        "batches": 2,
    },
    "every transform, cubic, with a constant beyond the edge": {
        "generator": {
            **every_transform,
            "widthShiftRange": 3,
            "zoomRange": [0.8, 1.2],
            "fillMode": "constant",
            "cval": 17,
            "interpolationOrder": 3,
        },
        "flow": {"batchSize": 4, "shuffle": False},
        "batches": 1,
    },
    "featurewise normalisation": {
        "generator": {"featurewiseStdNormalization": True, "rotationRange": 20, "fillMode": "wrap"},
        "fit": {"options": {"augment": True, "rounds": 2, "seed": 3}},
        "flow": {"batchSize": 4, "seed": 0},
        "batches": 1,
    },
    "samplewise normalisation after a function": {
        "generator": {"samplewiseStdNormalization": True, "preprocessingFunction": "invert"},
        "flow": {"batchSize": 4, "seed": 0},
        "batches": 1,
    },
}
arrays = []
for name, request in requests.items():
    request = {"globalSeed": 7, **request}
    whole = {**request, "x": pack(pictures), "y": pack(np.arange(4))}
    if "fit" in request:
        whole["fit"] = {"x": pack(pictures), **request["fit"]}
    arrays.append({"name": name, "request": request, "result": run(whole)})

# The file's place in this list is its level: a picture tells which it is.
files = [
    *["b/2.png", "b/10.png", "b/A.PNG", "b/a.jpeg.png", "b/inner/z.png", "b/inner-2/y.png"],
    *["B/ä.png", "B/z.png", "B/𐀀.png", "B/ｚ.png", "B/nodotpng", "B/notes.txt"],
    *["10/one.bmp", "10/two.tiff", "9/three.png", "9/four.png", "9/five.png", "9/six.png"],
]
folder_requests = [
    {"generator": {}, "flow": {"batchSize": 5, "seed": 1}, "batches": 5},
    {
        "generator": {"validationSplit": 0.4},
        "flow": {"batchSize": 4, "shuffle": False, "subset": "validation", "classMode": "sparse"},
        "batches": 2,
    },
    {
        "generator": {"validationSplit": 0.4},
        "flow": {"batchSize": 8, "subset": "training", "classMode": "binary", "classes": ["b", "9", "none"]},
        "batches": 2,
    },
]
folders = []
with tempfile.TemporaryDirectory() as folder:
    for level, name in enumerate(files):
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("no picture")
        else:
            Image.new("RGB", (3, 2), (level, level, level)).save(path, "png")
    for request in folder_requests:
        request = {"globalSeed": 7, **request}
        request["flow"] = {"targetSize": [1, 1], **request["flow"]}
        result = run({**request, "directory": folder})
        del result["drawn"]
        folders.append({"request": request, "result": result})
    dataset = run_dataset(
        {
            "globalSeed": 7,
            "directory": folder,
            "dataset": {"seed": 5, "shuffle": True, "validationSplit": 0.3, "subset": "both"},
        }
    )
    dataset["filePaths"] = [[path.removeprefix(folder + "/") for path in paths] for paths in dataset["filePaths"]]

fit_request = {
    "globalSeed": 3,
    "count": 14,
    "epochs": 3,
    "shuffle": True,
    "flow": {"batchSize": 4, "seed": 5},
}

golden = {
    "maker": "tools/goldens/preprocessing.py",
    "versions": {module.__name__: module.__version__ for module in (keras, np, scipy, PIL)},
    "seed": 1,
    "pictures": pack(pictures),
    "arrays": arrays,
    "files": files,
    "folders": folders,
    "fit": {"request": fit_request, "passes": run_fit(fit_request)},
    "dataset": {key: dataset[key] for key in ("printed", "classNames", "filePaths")},
}
(root / "test" / "golden" / "preprocessing.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
