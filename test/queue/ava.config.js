/** `make test-queue`: the queue with a real Redis, which each file starts and ends. Where none is installed, it says so. */
export default {
  files: ['dist/test/queue/**/*.test.js'],
  workerThreads: false,
  timeout: '5m',
  concurrency: 1,
};
