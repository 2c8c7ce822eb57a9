/** `make test-keras`: live comparisons with Python, found through `KERAS_PYTHON`. */
export default {
  files: ['dist/test/parity/**/*.test.js'],
  workerThreads: false,
  timeout: '10m',
  // Each file starts a TensorFlow of its own, which takes a gigabyte and, mostly, one core.
  concurrency: 2,
};
