# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Draws of numpy.random.RandomState and of Python's random, for test/preprocessing/random.test.ts. Writes test/golden/random-state.json."""

import json
import pathlib
import platform
import random as python_random

import numpy as np


def draws(seed):
    """One call of each kind, in a fixed order, since each draw depends on those before it."""
    random = np.random.RandomState(seed)
    return {
        "seed": seed,
        "random_sample": random.random_sample(),
        "uniform": random.uniform(-3, 5, 4).tolist(),
        "normal": random.normal(2, 3, 5).tolist(),
        "randint": random.randint(-5, 5, 20).tolist(),
        "randint_wide": random.randint(0, 2**32, 3).tolist(),
        "choice": random.choice(7, 5).tolist(),
        "choice_of_list": int(random.choice([3, 1, 4])),
        "choice_of_one": int(random.choice(1)),
        "choice_without_replacement": random.choice(10, 4, replace=False).tolist(),
        "choice_weighted": random.choice(4, 6, p=[0.1, 0.2, 0.3, 0.4]).tolist(),
        "choice_weighted_without_replacement": random.choice(
            6, 5, replace=False, p=[0.1, 0.2, 0.3, 0.2, 0.1, 0.1]
        ).tolist(),
        "permutation": random.permutation(20).tolist(),
        "permutation_end": random.permutation(700)[-5:].tolist(),
        "uniform_reversed": random.uniform(3, -3),
    }


def python_draws(seed):
    python_random.seed(seed)
    shuffled = list(range(12))
    python_random.shuffle(shuffled)
    return {
        "seed": seed,
        "shuffled": shuffled,
        "randint": [python_random.randint(1, 10**9), python_random.randint(0, 7), python_random.randint(5, 5)],
    }


golden = {
    "maker": "tools/goldens/random_state.py",
    "versions": {"numpy": np.__version__, "python": platform.python_version()},
    "python": [python_draws(seed) for seed in (0, 3, 2**32 - 1)],
    "draws": [draws(seed) for seed in (0, 42, 2**32 - 1, [1, 2, 3])],
}
target = pathlib.Path(__file__).parents[2] / "test" / "golden" / "random-state.json"
target.write_text(json.dumps(golden, indent=1) + "\n")
