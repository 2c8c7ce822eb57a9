import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { inverse, type Orientation, orient } from '../../src/images/formats/orientation.js';
import { type Image, ImageError } from '../../src/images/image.js';
import { decodeImage, readImageInfo } from '../../src/platform/node/decode.js';
import { findImages } from '../../src/platform/node/folder.js';
import { awkwardPictures, awkwardReasons } from './awkward.js';
import { noise } from './noise.js';

const awkward = '../shared/images-awkward';
/** These pictures are not part of the project: without them, the test is skipped, and ours below remain. */
const testShared = existsSync(awkward) ? test : test.skip;
const read = (name: string) => readFileSync(`${awkward}/${name}`);
const reasons: Record<string, string> = {
  'bad-bitflips.jpg':
    'Expected an undamaged picture. Received: a JPEG with a block of more than 64 coefficients.',
  'bad-bomb-50000x50000.png':
    'Expected a picture within the limit. Received: 50000×50000 pixels, more than 100000000. Hint: allow more with `maxPixels`.',
  'bad-crc.png': 'Expected an undamaged picture. Received: a PNG whose data does not decode.',
  'bad-empty.jpg': 'Expected a picture. Received: an empty file.',
  'bad-header-only.jpg': 'Expected a whole picture. Received: 24 bytes that end within the header.',
  'bad-html.jpg': 'Expected a picture. Received: an HTML page.',
  'bad-text.txt': 'Expected a picture. Received: text.',
  'bad-truncated.jpg': 'Expected a whole picture. Received: a JPEG that ends after 46% of its blocks.',
  'bad-truncated.png':
    'Expected a whole picture. Received: a PNG of 32818 bytes that should have more than 65577.',
};

testShared(`every picture of ${awkward} that must load loads`, async (t) => {
  for (const name of readdirSync(awkward).filter((file) => file.startsWith('ok'))) {
    const bytes = read(name);
    const { width, height, data } = await decodeImage(bytes);
    t.is(data.length, width * height * 3, name);
    t.like(readImageInfo(bytes), { width, height }, name);
  }
});

testShared(`every picture of ${awkward} that is broken is refused with its reason`, async (t) => {
  for (const [name, message] of Object.entries(reasons))
    await t.throwsAsync(decodeImage(read(name)), { instanceOf: ImageError, message }, name);
});

test('every awkward picture loads or is refused with its reason', async (t) => {
  for (const [name, bytes] of Object.entries(await awkwardPictures())) {
    const message = awkwardReasons[name];
    if (message) {
      await t.throwsAsync(decodeImage(bytes), { instanceOf: ImageError, message }, name);
      continue;
    }
    const { width, height, data } = await decodeImage(bytes);
    t.is(data.length, width * height * 3, name);
    t.like(readImageInfo(bytes), { width, height }, name);
  }
});

const golden: { maker: string; pictures: { kind: string; bytes: string; md5: string }[] } = JSON.parse(
  readFileSync('test/golden/pictures.json', 'utf8'),
);
const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');

for (const { kind, bytes, md5: expected } of golden.pictures)
  test(`${kind}: the pixels of Pillow`, async (t) => {
    const { data } = await decodeImage(Buffer.from(bytes, 'base64'), { exif: false, levels: 'pillow' });
    t.is(md5(data), expected, `hint: ${golden.maker} writes the hashes anew`);
  });

test('without sharp, PNG, GIF, BMP and PPM have the pixels of Pillow; the rest says what it needs', async (t) => {
  for (const { kind, bytes, md5: expected } of golden.pictures) {
    const decoded = decodeImage(Buffer.from(bytes, 'base64'), {
      exif: false,
      levels: 'pillow',
      decoder: 'jimp',
    });
    if (/^(PNG|GIF|BMP|PPM)/.test(kind)) t.is(md5((await decoded).data), expected, kind);
    else if (/^JPEG(?!.*untransformed)/.test(kind)) t.is((await decoded).format, 'jpeg', kind);
    else
      await t.throwsAsync(
        decoded,
        { instanceOf: ImageError, message: /, which needs sharp\. Hint: install sharp\.$/ },
        kind,
      );
  }
});

test('levels of a PGM with another maximum are rounded as Python does, halves to even', async (t) => {
  const { data } = await decodeImage(Buffer.from('P2 4 1 100\n10 30 50 70\n'));
  // 25.5, 76.5, 127.5 and 178.5
  t.deepEqual(
    [...data].filter((_, i) => i % 3 === 0),
    [26, 76, 128, 178],
  );
});

/** Colours change smoothly, so that JPEGs of different orientations stay close. */
const picture: Image = {
  width: 40,
  height: 24,
  channels: 3,
  data: Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 40, Math.floor(i / 120)];
    return [x * 6, y * 10, 255 - x * 3 - y * 5][i % 3]!;
  }),
};
const raw = ({ width, height, channels, data }: Image) => sharp(data, { raw: { width, height, channels } });

const sound = {
  jpeg: { quality: 100, chromaSubsampling: '4:4:4' },
  png: {},
  webp: { lossless: true },
  avif: { lossless: true },
};

test('eight orientations in a JPEG, PNG, WebP or AVIF are one picture, with sharp and without', async (t) => {
  for (const format of ['jpeg', 'png', 'webp', 'avif'] as const)
    for (let orientation = 1 as Orientation; orientation <= 8; orientation++) {
      const stored = orient(picture, inverse(orientation));
      const bytes = await raw(stored)
        .withMetadata({ orientation })
        .toFormat(format, sound[format])
        .toBuffer();
      for (const decoder of format === 'webp' || format === 'avif'
        ? (['sharp'] as const)
        : (['sharp', 'jimp'] as const)) {
        const upright = await decodeImage(bytes, { decoder });
        const label = `${format}, orientation ${orientation}, ${decoder}`;
        t.like(upright, { width: 40, height: 24, orientation }, label);
        const most = picture.data.reduce(
          (max, value, i) => Math.max(max, Math.abs(value - upright.data[i]!)),
          0,
        );
        t.true(most <= 5, `${label}: ${most}`);
        const kept = await decodeImage(bytes, { exif: false, decoder });
        t.like(kept, { width: stored.width, height: stored.height }, label);
      }
    }
});

test('grey is the mean that Pillow takes, and RGBA keeps alpha', async (t) => {
  const bytes = await raw(noise(5, 7, 4, 1))
    .png()
    .toBuffer();
  const { data } = noise(5, 7, 4, 1);
  t.deepEqual((await decodeImage(bytes, { channels: 4 })).data, data);
  const grey = Uint8Array.from({ length: 35 }, (_, i) => {
    const [r, g, b] = data.subarray(4 * i);
    return (r! * 19595 + g! * 38470 + b! * 7471 + 0x8000) >> 16;
  });
  t.deepEqual((await decodeImage(bytes, { channels: 1 })).data, grey);
});

test('what is no picture is called by its name', async (t) => {
  const contents: Record<string, string> = {
    '': 'an empty file',
    'hello\n': 'text',
    '  <!DOCTYPE html><p>not found</p>': 'an HTML page',
    '<?xml version="1.0"?><note/>': 'an XML file',
    '<html><body><svg width="9">': 'an HTML page',
    '%PDF-1.7': 'a PDF file',
    'PK\x03\x04\x14\0': 'a zip archive',
    '\0\0\0\0': 'zeros',
    '\x01\x02\x03\x80': '4 bytes of an unknown kind',
    'version https://git-lfs.github.com/spec/v1\n': 'a Git LFS pointer',
  };
  for (const [content, received] of Object.entries(contents))
    await t.throwsAsync(decodeImage(Buffer.from(content, 'latin1')), {
      instanceOf: ImageError,
      message: `Expected a picture. Received: ${received}.`,
    });
  const foreign: Record<string, string> = {
    '\0\0\0\x18ftypheic\0\0\0\0mif1heic': 'a HEIC picture',
    '\0\0\0\x18ftypmif1\0\0\0\0mif1heix': 'a HEIC picture',
    '\0\0\0\x0cJXL \r\n\x87\n': 'a JPEG XL picture',
    '\xff\x0a\x7f': 'a JPEG XL picture',
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>': 'an SVG drawing',
    '<svg>': 'an SVG drawing',
    '8BPS\0\x01': 'a Photoshop file',
  };
  for (const [content, received] of Object.entries(foreign))
    await t.throwsAsync(decodeImage(Buffer.from(content, 'latin1')), {
      instanceOf: ImageError,
      message: `Expected a kind of picture that can be decoded. Received: ${received}. Hint: convert it to JPEG or PNG.`,
    });
});

test('a header that promises too many pixels is refused before decoding', async (t) => {
  const bytes = await raw(picture).png().toBuffer();
  await t.throwsAsync(decodeImage(bytes, { maxPixels: 959 }), {
    message:
      'Expected a picture within the limit. Received: 40×24 pixels, more than 959. Hint: allow more with `maxPixels`.',
  });
  t.is((await decodeImage(bytes, { maxPixels: 960 })).width, 40);
  const bomb = Buffer.from('P6 65535 65535 255\n');
  await t.throwsAsync(decodeImage(bomb), { message: /Received: 65535×65535 pixels, more than 100000000\./ });
});

for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)
  test(`a ${format} is refused wherever it is cut off`, async (t) => {
    const bytes = await raw(noise(24, 40, 3, 5))
      .toFormat(format)
      .toBuffer();
    // Trailers apart, which may be missed without missing a pixel.
    const trailer = { jpeg: 8, png: 16, webp: 40, avif: 8, gif: 8, tiff: 300 }[format];
    for (let length = 0; length < bytes.length - trailer; length += 23)
      await t.throwsAsync(
        decodeImage(bytes.subarray(0, length)),
        { instanceOf: ImageError, message: /^[^\n]+$/ },
        `${length} of ${bytes.length} bytes`,
      );
  });

test('padding before a marker and bytes after the end of a JPEG do no harm', async (t) => {
  const bytes = await raw(picture).jpeg().toBuffer();
  const { data } = await decodeImage(bytes);
  const end = bytes.length - 2;
  const padded = Buffer.concat([
    bytes.subarray(0, end),
    Buffer.alloc(40, 0xff),
    bytes.subarray(end),
    Buffer.alloc(99, 7),
  ]);
  t.deepEqual((await decodeImage(padded)).data, data);
});

test('flipped bits in the data of a JPEG are noticed nine times of ten', async (t) => {
  const whole = await raw(noise(64, 96, 3, 9))
    .jpeg({ quality: 80 })
    .toBuffer();
  let noticed = 0;
  for (let n = 0; n < 100; n++) {
    const bytes = Uint8Array.from(whole);
    for (let i = 0; i < 5; i++) bytes[700 + ((n * 61 + i * 389) % (bytes.length - 800))]! ^= 1 << (n % 8);
    await decodeImage(bytes).catch(() => noticed++);
  }
  t.true(noticed >= 90, `${noticed} of 100`);
});

test("our own PNG decoder gives libpng's pixels for every row filter, interlaced or not", async (t) => {
  const grainy = { ...picture, data: picture.data.map((value, i) => (value + ((i * 7919) % 5)) & 255) };
  for (const image of [grainy, noise(24, 40, 3, 2), noise(19, 33, 4, 3), noise(3, 2, 1, 4)])
    for (const progressive of [false, true]) {
      const bytes = await raw(image).png({ adaptiveFiltering: true, progressive }).toBuffer();
      const { channels } = image;
      t.deepEqual((await decodeImage(bytes, { channels, decoder: 'jimp' })).data, image.data);
      t.deepEqual((await decodeImage(bytes, { channels, decoder: 'sharp' })).data, image.data);
    }
});

/** Decodes every picture of a folder: the names that load, and the reasons of the others. */
async function loadFolder(folder: string) {
  const { paths, skipped } = await findImages(folder);
  const reasons = new Map(skipped.map(({ path, reason }) => [basename(path), reason]));
  const loaded: string[] = [];
  for (const path of paths)
    await decodeImage(readFileSync(path)).then(
      () => loaded.push(basename(path)),
      ({ message }: ImageError) => reasons.set(basename(path), message),
    );
  return { loaded: loaded.sort(), reasons };
}

test('a folder of awkward pictures: every sound one loads, every other has a reason of one line', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'awkward-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const pictures = await awkwardPictures();
  for (const [name, bytes] of Object.entries(pictures)) await writeFile(join(folder, name), bytes);
  const { loaded, reasons } = await loadFolder(folder);
  const names = Object.keys(pictures).sort();
  t.deepEqual(
    loaded,
    names.filter((name) => name.startsWith('ok')),
  );
  t.deepEqual(
    [...reasons.keys()].sort(),
    names.filter((name) => name.startsWith('bad')),
  );
  for (const [name, reason] of reasons) t.regex(reason, /^.+$/, name);
});

testShared(`${awkward}: every sound picture loads, every other has a reason of one line`, async (t) => {
  const { loaded, reasons } = await loadFolder(awkward);
  const names = readdirSync(awkward).sort();
  // A sound JPEG without an extension, whose content tells.
  const isSound = (name: string) => name.startsWith('ok') || name === 'bad-noext';
  t.deepEqual(loaded, names.filter(isSound));
  t.deepEqual(
    [...reasons.keys()].sort(),
    names.filter((name) => !isSound(name)),
  );
  for (const [name, reason] of reasons) t.regex(reason, /^.+$/, name);
});
