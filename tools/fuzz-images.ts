/**
 * Decodes thousands of damaged pictures and asserts that each is decoded or refused with an ImageError: no crash,
 * no hang, no memory beyond bounds. `make fuzz`
 *
 *     node dist/tools/fuzz-images.js [--count 5000] [--seed 1] [--decoder jimp] [--keep folder]
 *
 * Every picture is decoded in a worker, as the CLI does, so that a crash or hang is told apart from a refusal.
 * With `--keep`, files that break the decoder are written there.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import sharp, { type Sharp } from 'sharp';
import { type DecodeOptions, decodeImage } from '../src/platform/node/decode.js';
import { encodeImage } from '../src/platform/node/encode.js';
import { createPool } from '../src/platform/node/pool/pool.js';

/** Milliseconds that a small picture may take, however damaged. */
const timeout = 20_000;
/** Megabytes that the process may grow by. */
const mostGrowth = 600;
const maxPixels = 4e6;

export interface Mutant {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The fate of a mutant: `decoded`, an ImageError's fault, or `unexpected: …`. */
export type Verdict = string;

/** The worker's entry. */
export const start =
  ({ decoder }: DecodeOptions) =>
  async ({ bytes }: Mutant): Promise<Verdict> => {
    try {
      const { width, height, data } = await decodeImage(bytes, { maxPixels, decoder });
      return data.length === 3 * width * height
        ? 'decoded'
        : 'unexpected: pixels that do not fill the picture';
    } catch (error) {
      const { name, message, fault } = error as Error & { fault?: string };
      if (name !== 'ImageError' || message.includes('\n')) return `unexpected: ${name}: ${message}`;
      return fault!;
    }
  };

/** Numbers in [0, 1), the same for the same seed: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Small sound pictures of every kind that mutation starts from. */
async function makeSeeds(): Promise<Mutant[]> {
  const [width, height] = [61, 47];
  const pixels = Uint8Array.from(
    { length: width * height * 4 },
    (_, i) => (i * 7 + ((i / 244) | 0) * 31) & 255,
  );
  const picture = () => sharp(pixels, { raw: { width, height, channels: 4 } });
  const makers: Record<string, () => Sharp> = {
    'baseline.jpg': () => picture().jpeg({ quality: 80 }),
    '444.jpg': () => picture().jpeg({ chromaSubsampling: '4:4:4', optimiseCoding: false }),
    'progressive.jpg': () => picture().jpeg({ progressive: true }),
    'grey.jpg': () => picture().greyscale().jpeg(),
    'exif.jpg': () => picture().withMetadata({ orientation: 6 }).jpeg(),
    'rgba.png': () => picture().png(),
    'palette.png': () => picture().png({ palette: true }),
    'interlaced.png': () => picture().removeAlpha().png({ progressive: true }),
    'grey16.png': () => picture().toColourspace('grey16').png(),
    'deep.png': () => picture().toColourspace('rgb16').png(),
    'lossy.webp': () => picture().webp({ quality: 70 }),
    'lossless.webp': () => picture().webp({ lossless: true }),
    'exif.webp': () => picture().withMetadata({ orientation: 3 }).webp(),
    'lossy.avif': () => picture().removeAlpha().avif({ quality: 50, effort: 0 }),
    'turned.avif': () => picture().withMetadata({ orientation: 7 }).avif({ lossless: true, effort: 0 }),
    '10-bit.avif': () => picture().removeAlpha().avif({ bitdepth: 10, effort: 0 }),
    'first.gif': () => picture().gif(),
    'interlaced.gif': () => picture().gif({ progressive: true }),
    'plain.tiff': () => picture().removeAlpha().tiff({ compression: 'none' }),
    'lzw.tiff': () => picture().tiff({ compression: 'lzw' }),
    'tiled.tiff': () => picture().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }),
    'grey16.tiff': () => picture().toColourspace('grey16').tiff({ compression: 'deflate' }),
    'jpeg.tiff': () => picture().removeAlpha().tiff({ compression: 'jpeg' }),
  };
  const seeds = await Promise.all(
    Object.entries(makers).map(async ([name, make]) => ({
      name,
      bytes: new Uint8Array(await make().toBuffer()),
    })),
  );
  return [
    ...seeds,
    { name: 'plain.ppm', bytes: makePpm(pixels, width, height) },
    { name: 'text.pgm', bytes: makeText(pixels, width, height) },
    { name: 'rle8.bmp', bytes: makeBmp() },
    { name: 'plain.bmp', bytes: await encodeImage({ width, height, channels: 4, data: pixels }, 'bmp') },
  ];
}

function makePpm(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const head = new TextEncoder().encode(`P6\n# made to be broken\n${width} ${height}\n255\n`);
  return Uint8Array.from([...head, ...pixels.subarray(0, 3 * width * height)]);
}

/** Grey of 16 bits, written out. */
const makeText = (pixels: Uint8Array, width: number, height: number): Uint8Array =>
  new TextEncoder().encode(
    `P2 ${width} ${height} 4095\n${[...pixels.subarray(0, width * height)].map((level) => level * 16).join(' ')}\n`,
  );

/** 5 × 4 pixels of 8 bits, run-length coded. */
function makeBmp(): Uint8Array {
  const bytes = new Uint8Array(14 + 40 + 1024 + 32);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  for (const [at, value] of [
    [10, 1078],
    [14, 40],
    [18, 5],
    [22, 4],
    [30, 1],
  ] as const)
    view.setUint32(at, value, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  bytes.set([5, 1, 0, 0, 0, 3, 7, 8, 9, 0, 2, 4, 0, 0, 5, 9, 0, 0, 5, 3, 0, 1], 1078);
  return bytes;
}

/** Damages a file: bits, bytes, lengths, pieces, the end. */
function mutate({ name, bytes }: Mutant, index: number, random: () => number): Mutant {
  const below = (limit: number) => Math.floor(random() * limit);
  let out = bytes.slice();
  const kinds: (() => string)[] = [
    () => {
      for (let n = 1 + below(40); n > 0; n--) out[below(out.length)]! ^= 1 << below(8);
      return 'bits';
    },
    () => {
      for (let n = 1 + below(10); n > 0; n--) out[below(out.length)] = below(256);
      return 'bytes';
    },
    () => {
      for (let n = 1 + below(6); n > 0; n--)
        out[below(Math.min(64, out.length))] = [0, 1, 0x7f, 0x80, 0xff][below(5)]!;
      return 'header';
    },
    () => {
      out = out.subarray(0, below(out.length));
      return 'cut';
    },
    () => {
      const [from, to, length] = [below(out.length), below(out.length), below(200)];
      out.copyWithin(to, from, from + length);
      return 'moved';
    },
    () => {
      const [from, length] = [below(out.length), below(100)];
      out = Uint8Array.from([...out.subarray(0, from), ...out.subarray(from + length)]);
      return 'hole';
    },
    () => {
      const junk = Array.from({ length: below(300) }, () => below(256));
      const at = below(out.length);
      out = Uint8Array.from([...out.subarray(0, at), ...junk, ...out.subarray(at)]);
      return 'junk';
    },
  ];
  const done = Array.from({ length: 1 + below(2) }, () =>
    out.length > 0 ? kinds[below(kinds.length)]!() : 'empty',
  );
  return { name: `${index}-${done.join('-')}-${name}`, bytes: out };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      decoder: { type: 'string', default: 'auto' },
      keep: { type: 'string' },
    },
  });
  const count = Number(values.count);
  const random = seeded(Number(values.seed));
  const seeds = await makeSeeds();
  function* mutants(): Generator<Mutant> {
    for (let i = 0; i < count; i++) yield mutate(seeds[i % seeds.length]!, i, random);
  }

  await using pool = await createPool<Mutant, Verdict>({
    entry: new URL(import.meta.url),
    setup: { decoder: values.decoder },
    timeout,
  });
  const counts = new Map<string, number>();
  const failures: { mutant: Mutant; verdict: string }[] = [];
  let done = 0;
  let startMemory = 0;
  let mostMemory = 0;
  for await (const outcome of pool.map(mutants())) {
    const verdict = outcome.ok ? outcome.value : `unexpected: ${outcome.error.message}`;
    const kind = verdict.startsWith('unexpected') ? 'unexpected' : verdict;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (kind === 'unexpected') failures.push({ mutant: outcome.item, verdict });
    done++;
    const memory = process.memoryUsage.rss() / 2 ** 20;
    // Libraries load and caches fill during the first tenth.
    if (done === Math.ceil(count / 10)) startMemory = memory;
    mostMemory = Math.max(mostMemory, memory);
  }

  for (const [kind, number] of [...counts].sort((a, b) => b[1] - a[1]))
    console.log(`${String(number).padStart(6)}  ${kind}`);
  const growth = mostMemory - startMemory;
  console.log(
    `${done} pictures, seed ${values.seed}; memory grew by ${growth.toFixed(0)} MB after the first tenth`,
  );
  for (const { mutant, verdict } of failures.slice(0, 20)) console.error(`${mutant.name}: ${verdict}`);
  if (values.keep) {
    await mkdir(values.keep, { recursive: true });
    for (const { mutant } of failures) await writeFile(join(values.keep, mutant.name), mutant.bytes);
  }
  if (failures.length > 0 || growth > mostGrowth) process.exitCode = 1;
}

if (isMainThread) await main();
