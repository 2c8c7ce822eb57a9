import { createHash } from 'node:crypto';
import { copyFileSync, renameSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import type { Engine } from '../../src/engine/engine.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { normalisePixels, tfScaling } from '../../src/graph/preprocessing.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { type ExtractOptions, extractFeatures } from '../../src/transfer/features/extract.js';
import { assertClose } from '../compare.js';
import { preprocessing, quarters } from './quarters.js';

const test = anyTest as TestFn<{ room: string; paths: string[]; options: ExtractOptions }>;

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-extract-'));
  const random = new RandomState(3);
  const paths: string[] = [];
  for (let i = 0; i < 40; i++) {
    const path = join(room, `${i}.png`);
    const pixels = Uint8Array.from(random.uniform(0, 256, 32 * 32 * 3));
    await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toFile(path);
    paths.push(path);
  }
  const engine = await ortNode({ provider: 'cpu' });
  t.context = {
    room,
    paths,
    options: {
      engine,
      preprocessing,
      backbone: quarters(),
      features: 12,
      cache: join(room, 'cache'),
      workers: 2,
    },
  };
});
test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

/** The embedding of a picture of the backbone's size, by hand. */
async function expected(path: string): Promise<Float32Array> {
  const pixels = await sharp(path).raw().toBuffer();
  const sums = new Float64Array(12);
  for (let y = 0; y < 32; y++)
    for (let x = 0; x < 32; x++)
      for (let c = 0; c < 3; c++)
        sums[c * 4 + 2 * Math.floor(y / 16) + Math.floor(x / 16)]! +=
          pixels[3 * (y * 32 + x) + c]! / 127.5 - 1;
  return Float32Array.from(sums, (sum) => sum / 256);
}

test('every picture is embedded, in the order of the paths', async (t) => {
  const { paths, options } = t.context;
  const { pictures, skipped, cached } = await extractFeatures(paths, options);
  t.deepEqual(skipped, []);
  t.true(cached === 0 || cached === 40);
  t.deepEqual(
    pictures.map(({ path }) => path),
    paths,
  );
  for (const { path, views } of pictures)
    assertClose(t, views[0]!, await expected(path), { label: path, absolute: 1e-6 });
});

test('only what is new is computed, by content and not by name', async (t) => {
  const { room, paths, options } = t.context;
  const cache = join(room, 'other-cache');
  await extractFeatures(paths.slice(0, 30), { ...options, cache });
  const folder = join(room, 'copies');
  await mkdir(folder);
  await copyFile(paths[3]!, join(folder, 'copy.png'));
  const { pictures, cached } = await extractFeatures([...paths, join(folder, 'copy.png')], {
    ...options,
    cache,
  });
  t.is(cached, 31);
  t.deepEqual(pictures[40]!.views, pictures[3]!.views);
});

test('an interrupted run goes on where it stopped', async (t) => {
  const { room, paths, options } = t.context;
  const cache = join(room, 'interrupted');
  const stop = new Error('stop');
  await t.throwsAsync(
    extractFeatures(paths, {
      ...options,
      cache,
      onProgress: ({ done }) => {
        if (done === 20) throw stop;
      },
    }),
    { is: stop },
  );
  const { pictures, cached } = await extractFeatures(paths, { ...options, cache });
  t.is(pictures.length, 40);
  t.true(cached >= 20, `${cached} were kept`);
});

test('views are the same for the same seed, whatever their number and the order of the pictures', async (t) => {
  const { room, paths, options } = t.context;
  const some = paths.slice(0, 6);
  const four = await extractFeatures(some, { ...options, cache: join(room, 'a'), views: 4, seed: 9 });
  const two = await extractFeatures(some.toReversed(), {
    ...options,
    cache: join(room, 'b'),
    views: 2,
    seed: 9,
  });
  const other = await extractFeatures(some, { ...options, cache: join(room, 'c'), views: 2, seed: 10 });
  for (const [i, { views }] of four.pictures.entries()) {
    t.deepEqual(two.pictures[5 - i]!.views, views.slice(0, 2));
    t.deepEqual(other.pictures[i]!.views[0], views[0]);
    t.notDeepEqual(other.pictures[i]!.views[1], views[1]);
    t.is(new Set(views.map(String)).size, 4, 'the views differ from one another');
  }
});

test('files that are no pictures are skipped with their reason, copies of them, too', async (t) => {
  const { room, paths, options } = t.context;
  const broken = join(room, 'broken.png');
  const copy = join(room, 'broken-copy.png');
  for (const path of [broken, copy]) await writeFile(path, 'text');
  const gone = join(room, 'gone.png');
  const { pictures, skipped } = await extractFeatures([broken, paths[0]!, gone, copy], options);
  t.deepEqual(
    pictures.map(({ path }) => path),
    [paths[0]!],
  );
  t.deepEqual(
    skipped.map(({ path }) => path),
    [broken, gone, copy],
  );
  t.regex(skipped[0]!.reason, /^Expected a picture\. Received: /);
  t.is(skipped[1]!.reason, 'Expected a picture. Received: no such file.');
  t.is(skipped[2]!.reason, 'a copy of a picture that was skipped');
});

test('pictures that are replaced while features are made are kept under the bytes that were decoded', async (t) => {
  const { room, paths, options } = t.context;
  const folder = join(room, 'replaced');
  await mkdir(folder);
  const cache = join(folder, 'cache');
  const changing = paths.slice(0, 20).map((_, i) => join(folder, `${i}.png`));
  /** Puts other pictures in the place of all. */
  let round = 0;
  const replaceAll = () => {
    round++;
    for (const [i, path] of changing.entries()) {
      copyFileSync(paths[(i + 20 * (round % 2)) % 40]!, `${path}.new`);
      renameSync(`${path}.new`, path);
    }
  };
  replaceAll();
  const byContent = new Map<string, Float32Array>();
  for (const path of paths)
    byContent.set(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
      await expected(path),
    );
  for (const run of ['cold', 'warm']) {
    const { pictures, skipped } = await extractFeatures(changing, {
      ...options,
      cache,
      onProgress: replaceAll,
    });
    t.deepEqual(skipped, []);
    t.is(pictures.length, 20);
    for (const { path, content, views } of pictures)
      assertClose(t, views[0]!, byContent.get(content)!, { label: `${run} ${path}`, absolute: 1e-6 });
  }
});

test('how many faces were found, and whether a picture is flat, is known of a warm run, too', async (t) => {
  const { room, paths, options } = t.context;
  const flat = join(room, 'flat.png');
  await sharp({ create: { width: 32, height: 32, channels: 3, background: '#808182' } })
    .png()
    .toFile(flat);
  const facts = { ...options, cache: join(room, 'facts') };
  for (const cached of [0, 2]) {
    const found = await extractFeatures([paths[0]!, flat], facts);
    t.is(found.cached, cached);
    t.deepEqual(
      found.pictures.map(({ faces, flat }) => ({ faces, flat })),
      [
        { faces: null, flat: false },
        { faces: null, flat: true },
      ],
    );
  }
});

test('features that are no numbers are refused', async (t) => {
  const { room, paths, options } = t.context;
  const g = new GraphBuilder('nan');
  const pixels = g.input('pixels', 'uint8', ['N', 32, 32, 3]);
  const mean = g.op('Flatten', [
    g.op('AveragePool', [normalisePixels(g, pixels, tfScaling)], { kernel_shape: [32, 32] }),
  ]);
  g.output('embedding', g.op('Div', [mean, g.op('Sub', [mean, mean])]), 'float32', ['N', 3]);
  const backbone = encodeModel({ graph: g.build(), opset: 13 });
  const cache = join(room, 'nan');
  const { pictures, skipped } = await extractFeatures(paths.slice(0, 2), {
    ...options,
    backbone,
    features: 3,
    cache,
  });
  t.deepEqual(pictures, []);
  t.deepEqual(
    skipped.map(({ reason }) => reason),
    Array(2).fill('Expected finite features. Received: NaN or infinite ones from the backbone.'),
  );
});

test("a GPU's batches of one size give what the threads give", async (t) => {
  const { room, paths, options } = t.context;
  const sizes = new Set<number>();
  // The CPU in the place of the GPU: the way through batches is the same.
  const batches: Engine = {
    ...options.engine,
    provider: 'cuda',
    load: async (model) => {
      const session = await options.engine.load(model);
      return {
        ...session,
        run: (feeds) => {
          sizes.add(feeds.pixels!.dims[0]!);
          return session.run(feeds);
        },
      };
    },
  };
  const views = { views: 2, seed: 4 };
  const threads = await extractFeatures(paths, { ...options, ...views, cache: join(room, 'threads') });
  const gpu = await extractFeatures(paths, {
    ...options,
    ...views,
    engine: batches,
    cache: join(room, 'gpu'),
  });
  t.deepEqual([...sizes], [32]);
  t.is(gpu.pictures.length, 40);
  for (const [i, { views }] of gpu.pictures.entries())
    for (const [k, view] of views.entries())
      assertClose(t, view, threads.pictures[i]!.views[k]!, {
        label: `picture ${i}, view ${k}`,
        absolute: 1e-6,
      });
});
