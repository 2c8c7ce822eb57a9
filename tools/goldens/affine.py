# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "scipy==1.17.1"]
# ///
"""Pictures moved by scipy.ndimage.affine_transform, for test/preprocessing/affine.test.ts. Writes test/golden/affine.json."""

import json
import pathlib

import numpy as np
import scipy
from scipy import ndimage

HEIGHT, WIDTH = 4, 5
MATRIX, OFFSET, CVAL = [[0.8, 0.5], [-0.4, 1.1]], [-1.6, 0.7], 9.0

rows, columns = np.mgrid[:HEIGHT, :WIDTH]
picture = (37 * rows * rows + 91 * columns + 13 * rows * columns) % 256


def moved(mode, order, dtype):
    out = ndimage.affine_transform(
        picture.astype(dtype), np.array(MATRIX), np.array(OFFSET), order=order, mode=mode, cval=CVAL
    )
    # Eight digits tell one float32 from the next.
    values = [float(f"{value:.8g}") for value in out.ravel()]
    return {"fillMode": mode, "order": order, "type": dtype, "values": values}


golden = {
    "maker": "tools/goldens/affine.py",
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__},
    "height": HEIGHT,
    "width": WIDTH,
    "picture": picture.ravel().tolist(),
    "matrix": sum(MATRIX, []),
    "offset": OFFSET,
    "cval": CVAL,
    "moved": [
        moved(mode, order, dtype)
        for mode in ("constant", "nearest", "reflect", "wrap")
        for order, dtype in [(0, "float32"), (1, "float32"), (2, "float32"), (3, "float32"), (4, "float32"), (5, "float32"), (1, "uint8"), (3, "uint8")]
    ],
}
target = pathlib.Path(__file__).parents[2] / "test" / "golden" / "affine.json"
target.write_text(json.dumps(golden) + "\n")
