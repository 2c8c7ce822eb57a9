/** Reports as people open them: from a file, without a network. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { renderReport } from '../../src/transfer/evaluate/report/render-report.js';
import type { Report } from '../../src/transfer/evaluate/report/report.js';
import { answerOf, drawSmall, fullReport, reportOf } from '../report/made-up.js';
import { sharedBrowser } from './browser.js';

const test = anyTest as TestFn<{ browser: Browser; room: string }>;

test.before(async (t) => {
  t.context = {
    browser: await sharedBrowser(),
    room: await mkdtemp(join(tmpdir(), 'ort-transfer-report-')),
  };
});
test.after.always(async ({ context: { browser, room } }) => {
  await browser?.close();
  await rm(room, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Addresses that were asked for beside the file itself and what lies in it. */
  readonly requests: string[];
  /** What the console and uncaught errors say. */
  readonly complaints: string[];
  readonly bytes: number;
}

/** Writes a report to a file and opens it as a double click does. */
async function open(
  t: ExecutionContext<{ browser: Browser; room: string }>,
  report: Report,
  { width = 1000, dark = false }: { width?: number; dark?: boolean } = {},
): Promise<Opened> {
  const { browser, room } = t.context;
  const html = renderReport(report);
  const path = join(room, `${t.title.replaceAll(/\W+/g, '-')}-${width}-${dark}.html`);
  await writeFile(path, html);
  const page = await browser.newPage({
    viewport: { width, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
  });
  page.setDefaultTimeout(20_000);
  t.teardown(() => page.close());
  const url = pathToFileURL(path).href;
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url());
  });
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, requests, complaints, bytes: Buffer.byteLength(html) };
}

const figures = (page: Page): Promise<string[]> =>
  page
    .locator('#gallery figure')
    .evaluateAll((all) => all.map((figure) => (figure as HTMLElement).innerText));

/** Pictures that are there, and were decoded. */
const decoded = (page: Page, within: string): Promise<number[]> =>
  page.locator(`${within} img`).evaluateAll((images) =>
    Promise.all(
      images.map(async (image) => {
        await (image as HTMLImageElement).decode();
        return (image as HTMLImageElement).naturalWidth;
      }),
    ),
  );

test('a number in the table opens its pictures, by mouse and by keyboard', async (t) => {
  const { page, requests, complaints } = await open(t, await fullReport());
  await page.getByRole('button', { name: 'glass taken for metal: 2', exact: true }).click();
  await page.getByRole('heading', { name: 'glass taken for metal: 2 pictures' }).waitFor();
  t.deepEqual(await figures(page), [
    'metal 95.0%\nglass 5.0%\nunknown\nglass/3.jpg',
    'metal 70.0%\nglass 30.0%\nglass/2.jpg',
  ]);
  t.deepEqual(await decoded(page, '#gallery'), [96, 96]);
  await page.keyboard.press('Escape');
  t.false(await page.locator('#gallery').isVisible());

  // From glass as glass right to glass as metal, and down to metal as metal; the empty cell below it is passed over.
  await page.getByRole('button', { name: 'glass recognised: 2' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  t.is(await focused(), 'metal recognised: 2');
  await page.keyboard.press('ArrowLeft');
  t.is(await focused(), 'metal recognised: 2', 'there is nothing on its left');
  await page.keyboard.press('Enter');
  t.deepEqual(await figures(page), ['metal 99.0%\nmetal/4.jpg', 'metal 60.0%\nmetal/5.jpg']);
  await page.keyboard.press('Escape');
  t.is(await focused(), 'metal recognised: 2', 'the focus comes back');

  await page.getByRole('button', { name: 'paper: 3 pictures' }).click();
  t.is((await figures(page)).length, 3);
  t.deepEqual(requests, []);
  t.deepEqual(complaints, []);
});

test('pictures show the part that the model saw, and heat that can be switched off', async (t) => {
  const { page } = await open(t, await fullReport());
  t.deepEqual([...new Set(await decoded(page, '#worst'))].sort(), [160, 32, 96]);
  const heat = page.locator('#worst .heat').first();
  const [over, part] = await Promise.all([
    heat.boundingBox(),
    page.locator('#worst .stack').nth(1).locator('img').first().boundingBox(),
  ]);
  t.deepEqual(over, part, 'heat lies over the part');
  const [outline, photo] = await Promise.all([
    page.locator('#worst .outline').first().boundingBox(),
    page.locator('#worst .stack img').first().boundingBox(),
  ]);
  t.deepEqual(outline, photo, 'the frame is drawn in shares of the photo');
  t.is(
    await page.locator('#worst .outline polygon').first().getAttribute('points'),
    '0.2500,0.2000 0.7500,0.2000 0.7500,0.9000 0.2500,0.9000',
  );
  await page.getByLabel('Draw where the model looked').uncheck();
  t.false(await heat.isVisible());
});

test('axe finds nothing, in light and in dark, with pictures open and without', async (t) => {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  for (const dark of [false, true]) {
    const { page } = await open(t, await fullReport(), { dark });
    // The page's policy refuses other scripts, so this one comes from the debugger.
    await page.evaluate(await import('node:fs/promises').then(({ readFile }) => readFile(axe, 'utf8')));
    const violations = () =>
      page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: {
            run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[]; passes: unknown[] }>;
          };
        };
        const found = await axe.run();
        return {
          violations: found.violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
          passes: found.passes.length,
        };
      });
    const closed = await violations();
    t.deepEqual(closed.violations, []);
    t.true(closed.passes > 20, `${closed.passes} rules were checked`);
    await page.getByRole('button', { name: 'glass taken for metal: 2', exact: true }).click();
    t.deepEqual((await violations()).violations, []);
  }
});

test('nothing is wider than a phone but tables, which scroll', async (t) => {
  const { page } = await open(t, await fullReport(), { width: 360 });
  t.is(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  const small = await page
    .locator('button:visible')
    .evaluateAll((buttons) => buttons.filter((button) => button.getBoundingClientRect().height < 24).length);
  t.is(small, 0, 'buttons are high enough for fingers');
});

test('names from files run nothing and draw nothing', async (t) => {
  const evil = '</script><script>alert(1)</script><img src="x" onerror="alert(2)">';
  const path = `photos/test/${evil}`;
  const answers = [answerOf(path, { label: 0, taken: 1, sure: 0.9, classes: 2 })];
  const thumbnails = new Map([[path, await drawSmall(1)]]);
  const { page, requests, complaints } = await open(t, reportOf([evil, 'b'], answers, { thumbnails }));
  await page.locator('.matrix button').click();
  t.deepEqual(await figures(page), [`b 90.0%\n${evil} 10.0%\n${evil}`]);
  t.is(await page.locator('img[src="x"]').count(), 0);
  t.deepEqual([requests, complaints], [[], []]);
});

test('5,000 pictures open in pages, and quickly', async (t) => {
  const drawn = await Promise.all(Array.from({ length: 50 }, (_, i) => drawSmall(i, 128, 96)));
  const [count, classes] = [5000, 10];
  const answers = Array.from({ length: count }, (_, i) => {
    const label = i % classes;
    return answerOf(`photos/test/class ${label}/photo ${i}.jpg`, {
      label,
      taken: i % 7 === 0 ? (label + 1) % classes : label,
      sure: 0.51 + (i % 100) / 250,
      classes,
    });
  });
  const thumbnails = new Map(answers.map(({ path }, i) => [path, drawn[i % drawn.length]!]));
  const labels = Array.from({ length: classes }, (_, i) => `class ${i}`);
  const began = performance.now();
  const { page, bytes } = await open(t, reportOf(labels, answers, { thumbnails }));
  const loaded = performance.now();
  const images = await page.locator('img').count();
  t.true(images < 100, `${images} pictures are drawn before any is asked for`);
  await page.getByRole('button', { name: /^class 0 recognised/ }).click();
  await page.locator('#gallery figure').first().waitFor();
  const opened = performance.now();
  t.is((await figures(page)).length, 60);
  t.is(await page.locator('.place').innerText(), '1–60 of 428');
  await page.getByRole('button', { name: 'Next' }).click();
  t.is(await page.locator('.place').innerText(), '61–120 of 428');
  for (let i = 0; i < 6; i++) await page.getByRole('button', { name: 'Next' }).click();
  t.is(await page.locator('.place').innerText(), '421–428 of 428');
  t.is((await figures(page)).length, 8);
  t.true(await page.getByRole('button', { name: 'Next' }).isDisabled());
  t.is(await page.evaluate(() => document.activeElement?.textContent), 'Back', 'the focus is not lost');
  const mean = drawn.reduce((sum, picture) => sum + picture.bytes.length, 0) / drawn.length;
  t.log(
    `${(bytes / 1e6).toFixed(1)} MB with pictures of ${(mean / 1e3).toFixed(1)} KB; written and loaded in ${Math.round(loaded - began)} ms, opened in ${Math.round(opened - loaded)} ms`,
  );
  t.true(bytes < count * (mean * 1.4 + 250) + 200e3, 'little is in it but the pictures');
});

test('it prints on paper with every section, and without what only a screen can do', async (t) => {
  const { page } = await open(t, await fullReport(), { dark: true });
  await page.emulateMedia({ media: 'print' });
  t.is(await page.evaluate(() => getComputedStyle(document.body).color), 'rgb(0, 0, 0)');
  t.false(await page.locator('nav').isVisible());
  t.false(await page.locator('.switch').isVisible());
  t.true(await page.locator('#worst img').first().isVisible());
  const pdf = await page.pdf({ format: 'A4' });
  const pages = [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page\b/g)].length;
  t.true(pages >= 3 && pages <= 12, `${pages} pages`);
});
