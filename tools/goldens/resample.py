# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pillow==13.0.0"]
# ///
"""Hashes of noise that Pillow resized, at sizes drawn at random. Writes test/golden/resample.json."""

import json
import pathlib
import sys

import numpy as np
import PIL

root = pathlib.Path(__file__).parents[2]
sys.path.append(str(root / "test/parity"))
from images import resize  # noqa: E402

SEED = 42
FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]

np.seterr(over="ignore")
random = np.random.RandomState(SEED)
cases = []
for i in range(72):
    height, width, out_height, out_width = (int(n) for n in random.randint(1, 160, 4))
    case = {
        "shape": [height, width, [1, 3, 4][i // 6 % 3]],
        "seed": i,
        "size": [out_height, out_width],
        "interpolation": FILTERS[i % 6],
    }
    if i % 4 == 3:
        left, right = sorted(random.uniform(0, width, 2).round(2).tolist())
        top, bottom = sorted(random.uniform(0, height, 2).round(2).tolist())
        if left < right and top < bottom:
            case["box"] = [left, top, right, bottom]
    cases.append({**case, "md5": resize(case)})

golden = {
    "maker": "tools/goldens/resample.py",
    "versions": {"pillow": PIL.__version__, "numpy": np.__version__},
    "seed": SEED,
    "cases": cases,
}
lines = json.dumps(golden).replace('{"shape"', '\n{"shape"').replace("}]}", "}\n]}")
(root / "test/golden/resample.json").write_text(lines + "\n")
