# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy==2.4.6"]
# ///
"""Short trainings by Keras, for test/training/golden.test.ts. Writes test/golden/training.json."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "test" / "keras"))

import keras
import numpy as np
import tensorflow
import training

BASE = {
    "input": [4],
    "layers": [["Dense", {"units": 5, "activation": "tanh"}], ["Dense", {"units": 3, "activation": "softmax"}]],
    "optimizer": ["RMSprop", {}],
    "loss": ["CategoricalCrossentropy", {}],
    "targets": "one_hot",
    "samples": 24,
    "batch": 8,
    "steps": 20,
}
LINEAR = [["Dense", {"units": 2, "activation": "linear"}]]
LAYERS = [
    ["Dense", {"units": 4, "activation": "gelu", "kernel_regularizer": ["L1L2", {"l1": 0.01, "l2": 0.02}]}],
    ["Reshape", {"target_shape": [2, 2, -1]}],
    ["Concatenate", {}, [[["ELU", {}]], [["LeakyReLU", {}]]]],
    ["BatchNormalization", {"momentum": 0.8}],
    ["Concatenate", {}, [[["GlobalMaxPooling2D", {}]], [["GlobalAveragePooling2D", {}]], [["Flatten", {}]]]],
    ["Dense", {"units": 3, "activation": "linear"}],
    ["Softmax", {}],
]
OPTIMIZERS = [
    ["RMSprop", {"momentum": 0.9, "centered": True, "epsilon": 1e-3}],
    ["SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05, "clipnorm": 0.2}],
    ["Adam", {"amsgrad": True, "global_clipnorm": 0.3}],
    ["AdamW", {"clipvalue": 0.05}],
]
LOSSES = [
    {"loss": ["CategoricalCrossentropy", {"label_smoothing": 0.1}], "sample_weight": True},
    {"loss": ["SparseCategoricalCrossentropy", {}], "targets": "indices", "class_weight": {"0": 2}},
    {"loss": ["BinaryCrossentropy", {"from_logits": True}], "targets": "bits", "layers": LINEAR},
    {"loss": ["MeanSquaredError", {}], "targets": "reals", "layers": LINEAR},
]
FIT = {
    "epochs": 3,
    "validation_split": 0.25,
    "metrics": [
        "accuracy",
        "AUC",
        ["AUC", {"curve": "PR", "num_thresholds": 20}],
        ["Precision", {"top_k": 1}],
        ["Recall", {"thresholds": 0.3, "class_id": 1}],
        ["TopKCategoricalAccuracy", {"k": 2}],
        "categorical_crossentropy",
    ],
}
SCHEDULES = [
    ["ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.7, "staircase": True}],
    ["InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.7}],
    ["PiecewiseConstantDecay", {"boundaries": [10, 120], "values": [0.1, 0.05, 0.2]}],
    ["PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 35, "cycle": True, "power": 0.5}],
    ["CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "warmup_target": 0.3, "warmup_steps": 40}],
    ["CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10, "m_mul": 0.8}],
]


MEASURED = {
    "seed": 3,
    "samples": 12,
    "classes": 4,
    "target_form": "bits",
    "metrics": [
        ["AUC", {}],
        ["AUC", {"num_thresholds": 9, "curve": "PR"}],
        ["AUC", {"num_thresholds": 9, "curve": "PR", "summation_method": "majoring"}],
        ["AUC", {"num_thresholds": 9, "multi_label": True, "num_labels": 4}],
        ["AUC", {"thresholds": [0.2, 0.375, 0.9]}],
        ["Precision", {}],
        ["Precision", {"thresholds": 0.25}],
        ["Precision", {"top_k": 2}],
        ["Recall", {"top_k": 3, "thresholds": 0.125}],
        ["Recall", {"class_id": 2}],
        ["BinaryAccuracy", {}],
        ["TopKCategoricalAccuracy", {"k": 2}],
    ],
}


def short(number):
    """Single precision needs no more than 9 digits."""
    return float(f"{number:.9g}")


def main():
    changes = [{"optimizer": optimizer} for optimizer in OPTIMIZERS]
    changes += [*LOSSES, {"input": [2, 2, 3], "layers": LAYERS}, FIT]
    cases = [{**BASE, "name": f"case {i}", "seed": i, **change} for i, change in enumerate(changes)]
    answers = training.answers({"cases": cases, "schedules": SCHEDULES, "measured": [MEASURED]})
    for answer in answers["cases"]:
        del answer["configs"], answer["slots"]
        answer["losses"] = [short(loss) for loss in answer.get("losses", [])]
        answer["history"] = {k: [short(v) for v in values] for k, values in answer.get("history", {}).items()}
    golden = {
        "maker": "tools/goldens/training.py",
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "numpy": np.__version__,
        "cases": [{"case": case, "answer": answer} for case, answer in zip(cases, answers["cases"])],
        "measured": {**MEASURED, **answers["measured"][0]},
        "schedules": [
            {"schedule": spec, "rates": [short(rate) for rate in answer["rates"][::7]], "config": answer["config"]}
            for spec, answer in zip(SCHEDULES, answers["schedules"])
        ],
    }
    path = ROOT / "test" / "golden" / "training.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
