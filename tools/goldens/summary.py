# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy==2.4.6"]
# ///
"""Summaries by Keras, for test/summary/summary.test.ts. Writes test/golden/summary.json."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "test" / "keras"))

import keras
import summary
import tensorflow

REQUESTS = [
    ["head", {}],
    ["head", {"line_length": 120}],
    ["head", {"columns": 50, "show_trainable": True}],
    ["head", {"line_length": 13}],
    ["head", {"positions": [0.3, 0.5, 1]}],
    ["head", {"positions": [0.3, 0.5, 0.975]}],
    ["head", {"layer_range": ["dense", "batch"]}],
    ["head", {"layer_range": ["prob", "dense"]}],
    ["head", {"layer_range": ["conv", "dense"]}],
    ["partly_frozen", {"show_trainable": True}],
    ["tiny", {}],
    ["scheduled", {}],
    ["compiled", {}],
    ["unbuilt", {}],
    ["holding_a_built_one", {}],
    ["of_layers_without_weights", {}],
    ["built_late", {"show_trainable": True}],
    ["two_inputs", {}],
    ["two_inputs", {"show_trainable": True, "columns": 200}],
    ["shared", {}],
    ["late_input", {}],
    ["crossed", {}],
    ["shared_by_shapes", {}],
    ["residual", {"columns": 33}],
    ["nested_in_sequential", {}],
    ["nested_with_two_inputs", {"expand_nested": True}],
    ["sequential_in_sequential", {"expand_nested": True}],
    ["pictures_of_any_size", {}],
]

golden = {
    "maker": "tools/goldens/summary.py",
    "versions": {"keras": keras.__version__, "tensorflow": tensorflow.__version__},
    "summaries": [
        {"model": name, "options": options, "lines": text.split("\n")}
        for (name, options), text in zip(REQUESTS, summary.summaries(REQUESTS))
    ],
    "mistakes": summary.mistakes(),
}
path = ROOT / "test" / "golden" / "summary.json"
path.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
