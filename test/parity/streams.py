"""Draws of NumPy's legacy stream and pictures moved by SciPy, for streams.test.ts."""

import base64

import numpy as np
from scipy import ndimage
from serving import serve


def call(request):
    """One stream, then the calls in their order."""
    random = np.random.RandomState(request["seed"])
    return [np.asarray(getattr(random, name)(*arguments)).tolist() for name, arguments in request["calls"]]


def move(request):
    shape = (request["height"], request["width"])
    picture = np.array(request["picture"], request["type"]).reshape(shape)
    out = ndimage.affine_transform(
        picture,
        np.array(request["matrix"]).reshape(2, 2),
        np.array(request["offset"]),
        order=request["order"],
        mode=request["fillMode"],
        cval=request["cval"],
    )
    return base64.b64encode(out.astype("<f4").tobytes()).decode()


serve(lambda requests: [call(r) if "calls" in r else move(r) for r in requests])
