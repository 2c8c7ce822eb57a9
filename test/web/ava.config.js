/** `make test-web`: real Chromium, driven through playwright-core. */
export default {
  files: ['dist/test/web/**/*.test.js'],
  workerThreads: false,
  timeout: '3m',
  // Each file starts a browser of its own, whose page mostly keeps to one core.
  concurrency: 2,
};
