# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy==2.4.6", "tensorboard==2.20.0"]
# ///
"""Event files of Keras's TensorBoard, for test/callbacks. Writes test/golden/event-files.json."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "test" / "keras"))

import event_files
import keras
import tensorboard
import tensorflow


def epoch(loss):
    batches = [{"accuracy": 0.5, "loss": loss + step / 8} for step in range(3)]
    logs = {"accuracy": 0.75, "loss": loss, "val_accuracy": 0.1, "val_loss": loss * 2}
    return [batches, logs]


EPOCHS = [epoch(1.5), epoch(0.3), epoch(1e-9), epoch(200)]
WEIGHTS = [[-0.8, 0.1, 0.1, 0.45, 0.3, 1.25], [0, 0]]

golden = {
    "maker": "tools/goldens/event_files.py",
    "versions": {
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "tensorboard": tensorboard.__version__,
    },
    "time": event_files.TIME,
    "runs": [
        {"scenario": scenario, "files": event_files.run(scenario)}
        for scenario in (
            {"options": options, "epochs": EPOCHS, "weights": WEIGHTS}
            for options in (
                {"histogram_freq": 2},
                {"update_freq": "batch", "write_graph": False},
                {"update_freq": 4, "write_graph": False},
            )
        )
    ],
}
path = ROOT / "test" / "golden" / "event-files.json"
path.write_text(json.dumps(golden, indent=1) + "\n")
