# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pillow==13.0.0"]
# ///
"""Small pictures of the awkward kinds, with hashes of their pixels in Pillow. Writes test/golden/pictures.json."""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import PIL

KINDS = """JPEG RGB 4:2:0|JPEG RGB progressive|JPEG RGB restarts|JPEG RGB untransformed|JPEG grey|JPEG CMYK|JPEG EXIF kept
PNG 1 bit|PNG palette, transparent|PNG RGBA|PNG grey + alpha|PNG grey 16 bits|PNG RGB 16 bits|PNG RGB, transparent colour
WEBP RGBA lossy|WEBP RGB lossless|WEBP animated|GIF transparent|GIF interlaced|GIF animated|BMP RLE 4|BMP 16 bits, 565
TIFF CMYK|TIFF RGB lzw|TIFF floats|TIFF EXIF turned|PPM text, RGB|PPM 1 bit|PPM RGB 16 bits"""
root = pathlib.Path(__file__).parents[2]

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    subprocess.run([sys.executable, root / "test/parity/image_corpus.py", folder, "23", "17"], check=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    wanted = KINDS.replace("\n", "|").split("|")
    pictures = [
        {
            "kind": kind,
            "bytes": base64.b64encode((folder / entry["file"]).read_bytes()).decode(),
            "md5": hashlib.md5((folder / f"{entry['file']}.raw").read_bytes()).hexdigest(),
        }
        for entry in manifest
        if (kind := f"{entry['format']} {entry['mode']}") in wanted
    ]
assert {picture["kind"] for picture in pictures} == set(wanted), set(wanted) - {p["kind"] for p in pictures}

golden = {
    "maker": "tools/goldens/pictures.py",
    "versions": {"pillow": PIL.__version__, "numpy": np.__version__},
    "seed": 7,
    "pictures": pictures,
}
text = json.dumps(golden).replace('{"kind"', '\n{"kind"')
(root / "test/golden/pictures.json").write_text(text + "\n")
