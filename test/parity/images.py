"""Pillow's answers for images.test.ts: cases come, hashes go."""

import hashlib

import numpy as np
from PIL import Image
from serving import serve

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
FILTERS = {name.lower(): value for name, value in Image.Resampling.__members__.items()}


def noise(height, width, channels, seed):
    """The pixels of `noise` in test/images/noise.ts."""
    i = np.arange(height * width * channels, dtype=np.uint32)
    x = i * np.uint32(2654435761) + np.uint32(seed) * np.uint32(40503)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(2246822519)
    return (x >> np.uint32(24)).astype(np.uint8).reshape(height, width, channels)


def resize(case):
    """The MD5 of the resized bytes."""
    height, width, channels = case["shape"]
    pixels = noise(height, width, channels, case["seed"])
    image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, MODES[channels])
    out = image.resize(tuple(reversed(case["size"])), FILTERS[case["interpolation"]], case.get("box"))
    return hashlib.md5(out.tobytes()).hexdigest()


if __name__ == "__main__":
    np.seterr(over="ignore")
    serve(lambda cases: [resize(case) for case in cases])
