/** Pages that were visited once, when the server has gone; and what a new build changes. */
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { bundleServiceWorker } from '../../tools/bundle-pages.js';
import {
  buildTestSite,
  redFile as red,
  seen,
  sharedBrowser,
  waitForOfflineCopy,
  waitForStatus,
} from './browser.js';
import { serveFolder } from './static-server.js';

const test = anyTest as TestFn<{ browser: Browser }>;

test.before(async (t) => {
  t.context.browser = await sharedBrowser();
});
test.after.always(({ context }) => context.browser?.close());

/** A page of its own on a server of its own. */
async function visit(t: ExecutionContext<{ browser: Browser }>) {
  const site = await buildTestSite();
  t.teardown(site.remove);
  const server = await serveFolder(site.folder);
  t.teardown(server.close);
  const page = await t.context.browser.newPage();
  t.teardown(() => page.context().close());
  return { site, server, page };
}

async function answer(page: Page): Promise<readonly string[]> {
  await waitForStatus(page, /^Ready/);
  await page.locator('input[type=file]').setInputFiles(red);
  await waitForStatus(page, /^Most likely /);
  return (await seen(page)).predictions;
}

test.serial('a page that was visited once opens and answers without a server', async (t) => {
  const { page, server } = await visit(t);
  await page.goto(server.url);
  const before = await answer(page);
  await waitForOfflineCopy(page);

  await page.context().setOffline(true);
  await server.close();
  await page.reload();
  t.deepEqual(await answer(page), before);
  // The address of the page with its name, and with a question, is the same page.
  await page.goto(`${server.url}index.html?from=mail`);
  t.deepEqual(await answer(page), before);
  await page.locator('ort-classifier').evaluate((element) => element.setAttribute('model', 'new.onnx'));
  await waitForStatus(page, /^The model could not be loaded: the server does not answer\.$/);
});

test.serial('a new build shows at once, and of it only what changed is fetched to be kept', async (t) => {
  const { page, site, server } = await visit(t);
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await waitForOfflineCopy(page);
  const kept = await namesKept(page);
  const built = (await readdir(site.folder)).filter((name) => /\.(html|css|m?js|wasm)$/.test(name));
  t.deepEqual(kept, built.filter((name) => name !== 'service-worker.js').sort());

  const style = join(site.folder, 'page.css');
  await appendFile(style, 'h1 { color: rgb(1, 2, 3) }');
  const files = new Map<string, Uint8Array>();
  for (const name of kept) files.set(name, await readFile(join(site.folder, name)));
  const [name, script] = await bundleServiceWorker(files);
  await writeFile(join(site.folder, name), script);
  const before = server.requests.length;
  const colour = () => page.locator('h1').evaluate((title) => getComputedStyle(title).color);
  await page.reload();
  t.is(await colour(), 'rgb(1, 2, 3)');
  await waitForStatus(page, /^Ready/);
  await page.evaluate(async () => {
    const isKept = async () => {
      const style = await caches.match(new URL('page.css', location.href), { ignoreSearch: true });
      return style !== undefined && (await style.text()).includes('rgb(1, 2, 3)');
    };
    while (!(await isKept())) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  t.deepEqual(await namesKept(page), kept, 'what was kept before has gone');
  // The page itself has no use for this one.
  t.false(server.requests.slice(before).includes('ort-classifier.js'), 'it has not changed');

  await server.close();
  await page.reload();
  await waitForStatus(page, /^Ready/);
  t.is(await colour(), 'rgb(1, 2, 3)');
});

/** Names of the files that the service worker keeps. */
const namesKept = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const [shelf] = (await caches.keys()).filter((name) => name.startsWith('ort-transfer-page '));
    const requests = await (await caches.open(shelf!)).keys();
    return requests.map(({ url }) => new URL(url).pathname.split('/').at(-1)!).sort();
  });
