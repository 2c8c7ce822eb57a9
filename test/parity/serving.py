"""Lets a script of this folder answer one request after another."""

import json
import os
import sys


def as_list(array):
    """Tensors and NumPy's numbers as lists and numbers, which JSON knows."""
    return array.numpy().tolist() if hasattr(array, "numpy") else array.tolist()


def serve(answer):
    """Answers each line of JSON on standard input with one on standard output; anything else printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line)), default=as_list) + "\n")
        answers.flush()
