import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import type { Image } from '../../src/images/image.js';
import { type DecodeOptions, decodeImage } from '../../src/platform/node/decode.js';
import { buildTestSite, sharedBrowser, type TestSite } from './browser.js';
import { drawLossyAvifs, drawPictures, type Picture, readSharedPictures } from './pictures.js';
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
  const pictures = (await drawPictures()).filter(([name]) => /^(exif|turned)/.test(name));
  t.is(pictures.length, 6);
  t.deepEqual(await differences(t, pictures, { exif: false }), []);
});

for (const channels of [1, 4] as const)
  test.serial(`… and as many channels: ${channels}`, async (t) => {
    const kinds = /^(exif-6|alpha|grey|palette|16-bit-grey|exif-8-alpha|still|picture)\./;
    const pictures = (await drawPictures()).filter(([name]) => kinds.test(name));
    t.is(pictures.length, 10);
    t.deepEqual(await differences(t, pictures, { channels }), []);
  });

test.serial(
  'lossy AVIFs have the levels of Node in the page, within the 2 by which decoders round',
  async (t) => {
    for (const exif of [true, false])
      for (const picture of await drawLossyAvifs()) {
        const [page, node] = [
          await decodeInPage(t.context, picture, { exif }),
          await decodeImage(picture[1], { exif }),
        ];
        t.is(`${page.width}×${page.height}`, `${node.width}×${node.height}`, picture[0]);
        const differences = node.data.map((level, i) => Math.abs(level - page.data[i]!));
        if (picture[0] === '420.avif') {
          // The colours of four pixels are stored as one: browsers blend between them, libheif does not.
          const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
          t.true(mean < 2, `${mean}`);
        } else
          t.true(
            differences.every((difference) => difference <= 2),
            picture[0],
          );
      }
  },
);

test.serial('16-bit grey is clipped for Keras in the page as in Node, and says so', async (t) => {
  const picture = (await drawPictures()).find(([name]) => name === '16-bit-grey.png')!;
  for (const levels of ['pillow', 'scaled'] as const) {
    const node = await decodeImage(picture[1], { levels });
    t.is(differenceOf(await decodeInPage(t.context, picture, { levels }), node), undefined);
    t.is(node.data.includes(255), levels === 'pillow');
    t.is(node.isClipped, levels === 'pillow');
  }
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
