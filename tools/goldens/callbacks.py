# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy==2.4.6"]
# ///
"""Runs of Keras's callbacks with a set clock, for test/callbacks. Writes test/golden/callbacks.json."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "test" / "keras"))

import callbacks
import keras
import tensorflow

LOSSES = [1.2, 0.9, 0.95, 0.7, 0.75, 0.72, 0.71, 0.8]


def epochs(losses, batches=1, validation=True):
    """Each batch's loss is a little above the epoch's; accuracies are 32nds, which lie halfway between 4 places."""
    runs = []
    for i, loss in enumerate(losses):
        logs = {"loss": loss / 2, "accuracy": (i + 1) / 32}
        if validation:
            logs |= {"val_loss": loss, "val_accuracy": (2 * i + 1) / 32}
        steps = [
            {"loss": loss / 2 + (batches - 1 - step) / 8, "accuracy": (i + 1) / 64}
            for step in range(batches)
        ]
        runs.append({"batches": steps, "logs": logs})
    return runs


def scenario(*specs, **changes):
    return {
        "verbose": 0,
        "steps": 1,
        "learningRate": 0.001,
        "callbacks": [{"type": name, "options": options} for name, options in specs],
        "epochs": epochs(LOSSES),
        "ticks": [0.07, 0.2, 0.01, 0.3],
        **changes,
    }


checkpoint = (
    "ModelCheckpoint",
    {"filepath": "face_recognition.h5", "verbose": 1, "save_best_only": True},
)
stopping = (
    "EarlyStopping",
    {"patience": 2, "verbose": 1, "restore_best_weights": True},
)

SCENARIOS = {
    "progress bar in a terminal": scenario(verbose=1, steps=3, epochs=epochs(LOSSES[:2], 3)),
    "progress bar of one epoch": scenario(verbose="auto", steps=3, epochs=epochs(LOSSES[:1], 3)),
    "progress bar of unknown length": scenario(
        verbose=1, steps=None, epochs=epochs(LOSSES[:2], 3)
    ),
    "progress bar over hours": scenario(
        verbose=1, steps=1200, epochs=epochs([0.0005, 1e-9], batches=4), ticks=[40, 3, 900]
    ),
    "progress bar that gets shorter": scenario(
        verbose=1, steps=2, epochs=epochs([1e20, -3.5], 2, validation=False), ticks=[2e-4, 700, 0.06]
    ),
    "evaluation": scenario(verbose=1, mode="test", steps=3, epochs=epochs(LOSSES[:1], 3)),
    "evaluation in one line": scenario(
        verbose=2, mode="test", steps=None, epochs=epochs(LOSSES[:1], 3)
    ),
    "prediction": scenario(verbose=1, mode="predict", steps=3, epochs=epochs(LOSSES[:1], 3)),
    "one line an epoch": scenario(verbose=2, epochs=epochs([1.5, 0.0005, -2])),
    "losses that are no numbers": scenario(
        ("TerminateOnNaN", {}),
        verbose=2,
        epochs=[{"batches": [{"loss": "nan"}], "logs": {"loss": "nan", "val_loss": "inf"}}] * 2,
    ),
    "error on a loss that is no number": scenario(
        ("TerminateOnNaN", {"raise_error": True}),
        epochs=[{"batches": [{"loss": "-inf"}], "logs": {"loss": "-inf"}}],
    ),
    "the article's checkpoint and early stopping": scenario(checkpoint, stopping, verbose=2),
    "early stopping with a baseline from an epoch on": scenario(
        ("EarlyStopping", {"baseline": 0.8, "patience": 1, "start_from_epoch": 2, "verbose": 1})
    ),
    "early stopping on a metric that is not there": scenario(
        ("EarlyStopping", {"monitor": "val_auc"})
    ),
    "early stopping on a metric of unknown direction": scenario(
        ("EarlyStopping", {"monitor": "val_f1"})
    ),
    "early stopping in an unknown mode": scenario(
        ("EarlyStopping", {"mode": "least", "min_delta": 0.1})
    ),
    "early stopping compares as float32": scenario(
        stopping, epochs=epochs([0.5, 0.5 - 1e-9, 0.5 - 2e-9, 0.5 - 3e-9])
    ),
    "checkpoints by epoch and loss": scenario(
        ("ModelCheckpoint", {"filepath": "out/{epoch:02d}-{val_loss:.2f}.keras", "verbose": 1})
    ),
    "checkpoints of weights by batch": scenario(
        (
            "ModelCheckpoint",
            {
                "filepath": "{epoch}-{batch:03d}.weights.h5",
                "save_weights_only": True,
                "save_freq": 5,
            },
        ),
        epochs=epochs(LOSSES[:4], 3),
    ),
    "checkpoints of the best accuracy beyond a threshold": scenario(
        (
            "ModelCheckpoint",
            {
                "filepath": "best.keras",
                "monitor": "val_accuracy",
                "verbose": 1,
                "save_best_only": True,
                "initial_value_threshold": 0.2,
            },
        )
    ),
    "a checkpoint named by a metric that is not there": scenario(
        ("ModelCheckpoint", {"filepath": "{epoch:02d}-{val_auc:.2f}.keras"})
    ),
    "a checkpoint of no known kind": scenario(("ModelCheckpoint", {"filepath": "model.onnx"})),
    "a checkpoint of weights of no known kind": scenario(
        ("ModelCheckpoint", {"filepath": "model.h5", "save_weights_only": True})
    ),
    "learning rate reduced on plateaus": scenario(
        (
            "ReduceLROnPlateau",
            {"factor": 0.3, "patience": 1, "verbose": 1, "cooldown": 1, "min_lr": 0.0002},
        ),
        verbose=2,
    ),
    "learning rate that cannot be reduced": scenario(("ReduceLROnPlateau", {"factor": 1.5})),
    "learning rate on schedule, logged to CSV": scenario(
        ("LearningRateScheduler", {"factor": 0.1, "verbose": 1}),
        ("CSVLogger", {"filename": "log.csv"}),
    ),
    "CSV without validation, with another separator": scenario(
        ("CSVLogger", {"filename": "log.csv", "separator": ";"}),
        epochs=epochs([1e-7, 1e16, 0.1], validation=False),
    ),
    "CSV that goes on": scenario(
        ("CSVLogger", {"filename": "log.csv", "append": True}),
        epochs=epochs(LOSSES[:2]),
        files={"log.csv": "epoch,accuracy,loss,val_accuracy,val_loss\r\n0,0.5,1.0,0.5,1.0\r\n"},
    ),
    "backup after an interruption": scenario(
        ("BackupAndRestore", {"backup_dir": "backup"}), verbose=2, interruptions=[3]
    ),
    "backup that stays": scenario(
        (
            "BackupAndRestore",
            {
                "backup_dir": "backup",
                "save_freq": 2,
                "double_checkpoint": True,
                "delete_checkpoint": False,
            },
        ),
        epochs=epochs(LOSSES[:4], 3),
    ),
}

FORMATS = [
    *[[False, value, ".4f"] for value in (0.03125, 0.09375, 0.15625, 2.5, -0.03125, -0.0)],
    *[[False, value, ""] for value in (1.0, 0.1, 1e-5, 1e-4, 1e16, 123456789.0, 5e-324, -0.0)],
    *[[False, 1234.5678, spec] for spec in (".2e", "012.3f", ",.1f", "+.0f", "^12g", ".3", ".1%")],
    *[[False, 0.00012345, spec] for spec in ("g", ".2g", "G", "<10.1E", "F")],
    *[[True, 7, spec] for spec in ("", "02d", "+d", ">4", "x", "b", ".1f", "05.1%")],
]

BARS = [
    {
        "options": {"target": 100, "unit_name": "sample", "width": 7},
        "updates": [[10 * i, {"loss": 1 / i, "step": i}, None] for i in range(1, 11)],
        "ticks": [0.3, 0.02, 0.1],
    },
    {
        "options": {"target": None, "stateful_metrics": ["step"], "interval": 0},
        "updates": [[7, {"loss": 3, "step": 7}, None], [9, {"loss": 1, "step": 9}, None]],
        "ticks": [2],
    },
    {
        "options": {"target": 3, "dynamic_display": False},
        "updates": [[i, {"loss": -1e-4 * i}, None] for i in range(4)],
        "ticks": [1e-6, 0.051],
    },
    {
        "options": {"target": 2, "stateless_metrics": ["loss"], "verbose": 2},
        "updates": [[1, {"loss": 4, "rate": 1}, None], [2, {"rate": 2}, None], [2, {}, True]],
        "ticks": [0.4],
    },
]

golden = {
    "maker": "tools/goldens/callbacks.py",
    "versions": {"keras": keras.__version__, "tensorflow": tensorflow.__version__},
    "runs": [
        {"name": name, "scenario": spec, "outcome": callbacks.run(spec)}
        for name, spec in SCENARIOS.items()
    ],
    "bars": [{"drawing": bar, "text": callbacks.draw(bar)} for bar in BARS],
    "formats": [
        {"case": case, "text": text}
        for case, text in zip(FORMATS, callbacks.format_numbers(FORMATS))
    ],
}
path = ROOT / "test" / "golden" / "callbacks.json"
path.write_text(json.dumps(golden, ensure_ascii=False) + "\n")
