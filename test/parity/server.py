"""Runs the scripts of this folder for several clients at a time, from one import of TensorFlow.

It prints the path of a Unix socket as JSON, and ends when its standard input does. A client sends a line of JSON,
`[script, *arguments]`. A fork of this process then runs the script, with the connection as its standard input and
output, and writes stderr to a file beside the socket. So scripts share imported modules alone.
"""

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import traceback

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
# Two test files run at a time.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"

here = os.path.dirname(os.path.abspath(__file__))


def import_what_scripts_need():
    # It says on stderr which instructions it uses.
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    import h5py, keras, numpy, PIL.Image, scipy.ndimage, tensorflow  # noqa: E401, F401
    import keras.src.legacy.preprocessing.image  # noqa: F401

    os.dup2(stderr, 2)
    os.close(stderr)


def run(connection, folder):
    """Runs a script for one client; only forks come here."""
    code = 1
    try:
        name, *arguments = json.loads(read_line(connection))
        for stream in 0, 1:
            os.dup2(connection.fileno(), stream)
        os.dup2(os.open(f"{folder}/{'-'.join([name, *arguments])}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        connection.close()
        sys.argv = [name, *arguments]
        sys.path.insert(0, here)
        runpy.run_path(f"{here}/{name}", run_name="__main__")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # TensorFlow's own way out would wait for threads that only the first process has.
        os._exit(code)


def read_line(connection):
    """A line without what follows it, which the script will read."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise EOFError("The client went away.")
        line += byte
    return line


def main():
    import_what_scripts_need()
    # Keras's clear_session collects garbage, and need not look through all of TensorFlow for it.
    gc.collect()
    gc.freeze()
    with tempfile.TemporaryDirectory(prefix="parity-") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = f"{folder}/socket"
        listener.bind(path)
        listener.listen()
        print(json.dumps(path), flush=True)
        # Nobody asks how a fork ended.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
            selector.register(listener, selectors.EVENT_READ)
            while not any(key.fileobj is sys.stdin for key, _ in selector.select()):
                connection, _ = listener.accept()
                with connection:
                    if os.fork() == 0:
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        listener.close()
                        run(connection, folder)


if __name__ == "__main__":
    main()
