"""Writes pictures of every format and mode, each with what Pillow makes of it: python image_corpus.py FOLDER [WIDTH HEIGHT]

FOLDER/manifest.json lists them: format, mode, file. Beside each file, FILE.raw holds the bytes of convert('RGB').
"""

import io
import json
import pathlib
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image

SEED = 7
WIDTH, HEIGHT = (int(side) for side in sys.argv[2:]) if len(sys.argv) > 2 else (97, 61)
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
random = np.random.RandomState(SEED)
manifest = []
warnings.simplefilter("ignore")

# Something between a photo and noise: smooth blobs, sharp edges, grain.
coarse = Image.fromarray(random.randint(0, 256, (7, 11, 3)).astype(np.uint8)).resize((WIDTH, HEIGHT), Image.BICUBIC)
grain = random.randint(-12, 13, (HEIGHT, WIDTH, 3))
pixels = np.clip(np.asarray(coarse, dtype=int) + grain, 0, 255).astype(np.uint8)
pixels[HEIGHT // 3 : 2 * HEIGHT // 3, WIDTH // 3 : 2 * WIDTH // 3] = [250, 20, 30]
RGB = Image.fromarray(pixels)
L = RGB.convert("L")
ALPHA = Image.fromarray((np.add.outer(3 * np.arange(HEIGHT), 2 * np.arange(WIDTH)) % 256).astype(np.uint8))
RGBA = RGB.copy()
RGBA.putalpha(ALPHA)
LA = L.copy()
LA.putalpha(ALPHA)
P = RGB.quantize(200)
BIT = L.convert("1")
CMYK = RGB.convert("CMYK")
DEEP = Image.fromarray(random.randint(0, 600, (9, 13)).astype(np.uint16))


def put(form, mode, data):
    """Writes a file, and what Pillow makes of it."""
    name = f"{len(manifest):03}.{form.lower()}"
    image = Image.open(io.BytesIO(data))
    image.load()
    (folder / name).write_bytes(data)
    (folder / f"{name}.raw").write_bytes(image.convert("RGB").tobytes())
    manifest.append({"format": form, "mode": mode, "file": name})


def save(form, mode, image, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    put(form, mode, out.getvalue())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(mode, depth, colour_type, samples, extra=b""):
    """A PNG that Pillow cannot write."""
    width, height = 16, 9
    rows = [b"\0" + random.bytes(width * samples * depth // 8) for _ in range(height)]
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    put("PNG", mode, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))


def bmp(mode, bits, data, colours=0, compression=0, masks=b"", height=9):
    palette = random.bytes(4 * colours)
    start = 54 + len(masks) + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, 13, height, 1, bits, compression, len(data), 2835, 2835, colours, 0)
    put("BMP", mode, b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + masks + palette + data)


for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
    save("JPEG", f"RGB {subsampling}", RGB, subsampling=subsampling, quality=85)
for quality in (1, 30, 60, 100):
    save("JPEG", "RGB qualities", RGB, quality=quality)
for size in ((1, 1), (7, 3), (8, 8), (16, 15), (33, 1), (1, 33)):
    save("JPEG", "RGB tiny", RGB.resize(size))
save("JPEG", "RGB progressive", RGB, progressive=True)
save("JPEG", "RGB restarts", RGB, restart_marker_blocks=3)
save("JPEG", "RGB optimised", RGB, optimize=True)
save("JPEG", "RGB untransformed", RGB, keep_rgb=True)
save("JPEG", "grey", L)
save("JPEG", "grey progressive", L, progressive=True)
save("JPEG", "CMYK", CMYK)
save("JPEG", "CMYK progressive", CMYK, progressive=True)
orientation = Image.Exif()
orientation[0x112] = 6
save("JPEG", "EXIF kept", RGB, exif=orientation)

for mode, image in (("1 bit", BIT), ("grey", L), ("grey + alpha", LA), ("palette", P), ("RGB", RGB), ("RGBA", RGBA)):
    save("PNG", mode, image)
for bits in (1, 2, 4):
    save("PNG", "palette of few bits", RGB.quantize(2**bits), bits=bits)
    png("grey of few bits", bits, 0, 1)
save("PNG", "palette, transparent", P, transparency=3)
save("PNG", "palette + alpha", P, transparency=bytes(range(200)))
save("PNG", "RGB, transparent colour", RGB, transparency=RGB.getpixel((5, 3)))
save("PNG", "grey, transparent colour", L, transparency=L.getpixel((5, 3)))
png("grey 16 bits", 16, 0, 1)
png("grey + alpha 16 bits", 16, 4, 2)
png("RGB 16 bits", 16, 2, 3)
png("RGBA 16 bits", 16, 6, 4)
png("gamma", 8, 2, 3, chunk(b"gAMA", struct.pack(">I", 100000)))

for mode, image in (("RGB", RGB), ("RGBA", RGBA), ("grey", L)):
    save("WEBP", f"{mode} lossy", image, quality=80)
    save("WEBP", f"{mode} lossless", image, lossless=True)
save("WEBP", "animated", RGBA, save_all=True, append_images=[RGBA.rotate(90)], lossless=True)

for mode, image in (("palette", P), ("grey", L), ("1 bit", BIT)):
    save("GIF", mode, image)
save("GIF", "transparent", P, transparency=3)
save("GIF", "RGBA", RGBA)
save("GIF", "interlaced", P, interlace=1)
save("GIF", "animated", P, save_all=True, append_images=[P.rotate(90)], duration=50)

for mode, image in (("1 bit", BIT), ("grey", L), ("palette", P), ("RGB", RGB), ("RGBA", RGBA)):
    save("BMP", mode, image)
bmp("palette of 4 bits", 4, random.bytes(8 * 9), 16)
bmp("16 bits, 555", 16, random.bytes(28 * 9))
bmp("16 bits, 565", 16, random.bytes(28 * 9), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
bmp("RGB top-down", 24, random.bytes(40 * 9), height=-9)
bmp("RGBX", 32, random.bytes(52 * 9))
bmp("RLE 8", 8, b"".join(bytes([0, 5, 1, 2, 3, 4, 5, 0, 8, 9 * i, 0, 0]) for i in range(9)) + b"\0\1", 256, 1)
bmp("RLE 4", 4, b"".join(bytes([13, 0x12 + i, 0, 0]) for i in range(9)) + b"\0\1", 16, 2)

for mode, image in (("1 bit", BIT), ("grey", L), ("grey + alpha", LA), ("palette", P), ("RGB", RGB), ("RGBA", RGBA), ("CMYK", CMYK), ("grey 16 bits", DEEP)):
    save("TIFF", mode, image)
save("TIFF", "integers", Image.fromarray(random.randint(-50, 400, (9, 13)).astype(np.int32)))
save("TIFF", "floats", Image.fromarray((random.rand(9, 13) * 400 - 50).astype(np.float32)))
save("TIFF", "YCbCr", RGB.convert("YCbCr"))
for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd"):
    save("TIFF", f"RGB {compression.removeprefix('tiff_').removeprefix('adobe_')}", RGB, compression=compression)
save("TIFF", "1 bit, group 4", BIT, compression="group4")
save("TIFF", "EXIF turned", RGB, exif=orientation)
save("TIFF", "pages", RGB, save_all=True, append_images=[L])
save("TIFF", "BigTIFF", RGB, big_tiff=True)

for mode, image in (("1 bit", BIT), ("grey", L), ("RGB", RGB), ("grey 16 bits", DEEP)):
    save("PPM", mode, image)
put("PPM", "text, 1 bit", b"P1\n# hello\n4 2\n0101\n1 1 0 0\n")
put("PPM", "text, grey", b"P2 3 2 100\n0 50 100 1 2 # comment\n 3\n")
put("PPM", "text, RGB", b"P3 2 1 31 0 15 31 1 2 30\n")
put("PPM", "other maximum", b"P6 2 1 31\n" + bytes([0, 15, 31, 1, 2, 30]))
put("PPM", "RGB 16 bits", b"P6 4 1 65535\n" + random.bytes(24))

(folder / "manifest.json").write_text(json.dumps(manifest))
