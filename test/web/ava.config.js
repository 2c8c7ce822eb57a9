/**
 * `make test-web`: real Chromium, driven through playwright-core. All files share one browser and one built page; each
 * has pages and a folder of its own. Screenshots are taken only where `SCREENSHOTS` names a folder for them.
 */
import process from 'node:process';
import { startCompanion } from '../../dist/test/companion.js';

const screenshots = 'dist/test/web/screenshots.test.js';
const { browser, site } = await startCompanion(process.execPath, ['dist/test/web/serve-browser.js']);

export default {
  files: process.env.SCREENSHOTS ? [screenshots] : ['dist/test/web/**/*.test.js', `!${screenshots}`],
  environmentVariables: { SHARED_BROWSER: browser, SHARED_SITE: site },
  workerThreads: false,
  timeout: '3m',
  // A page mostly keeps to one core.
  concurrency: 2,
};
