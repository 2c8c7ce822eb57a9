import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import type { Image } from '../../src/images/image.js';
import { type DecodeOptions, decodeImage } from '../../src/platform/node/decode.js';
import { buildTestSite, sharedBrowser, type TestSite } from './browser.js';
import { drawPictures, type Picture, readSharedPictures } from './pictures.js';
import { type StaticServer, serveFolder } from './static-server.js';

interface State {
  browser: Browser;
  site: TestSite;
  server: StaticServer;
  page: Page;
}
const test = anyTest as TestFn<State>;

test.before(async (t) => {
  const site = await buildTestSite();
  const source = fileURLToPath(new URL('../../../src/platform/web/decode.ts', import.meta.url));
  const outfile = join(site.folder, 'pixels.js');
  await build({ entryPoints: [source], outfile, bundle: true, format: 'esm', logLevel: 'error' });
  const server = await serveFolder(site.folder);
  const browser = await sharedBrowser();
  const page = await browser.newPage();
  await page.goto(server.url);
  t.context = { browser, site, server, page };
});

test.after.always(async ({ context }) => {
  await context.browser?.close();
  await context.server?.close();
  await context.site?.remove();
});

/** Decodes a picture in the page. */
async function decodeInPage(
  { page, site }: State,
  [name, bytes]: Picture,
  options: DecodeOptions,
): Promise<Image> {
  await writeFile(join(site.folder, name), bytes);
  const { width, height, channels, base64 } = await page.evaluate(
    async ({ name, options }) => {
      const script = new URL('pixels.js', document.baseURI).href;
      const { decodeImage } = (await import(script)) as typeof import('../../src/platform/web/decode.js');
      const file = new Uint8Array(await (await fetch(name)).arrayBuffer());
      const { data, width, height, channels } = await decodeImage(file, options);
      const reader = new FileReader();
      const read = new Promise<string>((resolve) => {
        reader.onload = () => resolve(reader.result as string);
      });
      reader.readAsDataURL(new Blob([data as Uint8Array<ArrayBuffer>]));
      return { width, height, channels, base64: (await read).split(',')[1]! };
    },
    { name, options },
  );
  return { width, height, channels, data: Buffer.from(base64, 'base64') };
}

/** How two pictures differ, in words; undefined when they do not. */
function differenceOf(page: Image, node: Image): string | undefined {
  if (page.width !== node.width || page.height !== node.height)
    return `${page.width}×${page.height} in the page, ${node.width}×${node.height} in Node`;
  let [count, largest] = [0, 0];
  for (const [i, level] of node.data.entries()) {
    const difference = Math.abs(page.data[i]! - level);
    if (difference > 0) count++;
    largest = Math.max(largest, difference);
  }
  return count === 0 ? undefined : `${count} of ${node.data.length} levels, by ${largest} at most`;
}

async function differences(
  t: ExecutionContext<State>,
  pictures: readonly Picture[],
  options: DecodeOptions,
): Promise<string[]> {
  const found: string[] = [];
  for (const picture of pictures) {
    const [name, bytes] = picture;
    const inNode = await decodeImage(bytes, options);
    try {
      const difference = differenceOf(await decodeInPage(t.context, picture, options), inNode);
      if (difference) found.push(`${name}: ${difference}`);
    } catch (error) {
      found.push(`${name}: ${/ImageError: (.*)/.exec(String(error))?.[1]}`);
    }
  }
  return found;
}

test.serial('the page decodes what it is given to the very pixels that Node gets', async (t) => {
  t.deepEqual(await differences(t, await drawPictures(), { exif: true }), []);
});

test.serial('… and leaves pictures as they lie for models that want that', async (t) => {
  const pictures = (await drawPictures()).filter(([name]) => name.startsWith('exif'));
  t.is(pictures.length, 4);
  t.deepEqual(await differences(t, pictures, { exif: false }), []);
});

for (const channels of [1, 4] as const)
  test.serial(`… and as many channels: ${channels}`, async (t) => {
    const kinds = /^(exif-6|alpha|grey|palette|16-bit-grey|exif-8-alpha|still|picture)\./;
    const pictures = (await drawPictures()).filter(([name]) => kinds.test(name));
    t.is(pictures.length, 10);
    t.deepEqual(await differences(t, pictures, { channels }), []);
  });

test.serial('so do awkward pictures and photos, but for TIFF, which browsers do not show', async (t) => {
  const pictures = readSharedPictures();
  if (pictures.length === 0) {
    t.log('skipped: ../shared is not here');
    t.pass();
    return;
  }
  t.log(`${pictures.length} pictures`);
  t.deepEqual(await differences(t, pictures, { exif: true }), [
    'ok.tiff: Expected a kind of picture that can be decoded. Received: a TIFF picture, which browsers do not show. Hint: convert it to JPEG or PNG.',
  ]);
});
