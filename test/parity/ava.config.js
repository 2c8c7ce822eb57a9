/**
 * `make test-keras`: live comparisons with Python, found through `KERAS_PYTHON`. All files share one server, since
 * importing TensorFlow takes long; each script runs in a process of its own.
 */
import process from 'node:process';
import { startCompanion } from '../../dist/test/companion.js';

const python = process.env.KERAS_PYTHON ?? '.venv/bin/python';

export default {
  files: ['dist/test/parity/**/*.test.js'],
  environmentVariables: { PYTHON_SERVER: await startCompanion(python, ['test/parity/server.py']) },
  workerThreads: false,
  timeout: '10m',
  // TensorFlow mostly keeps to one core.
  concurrency: 2,
};
