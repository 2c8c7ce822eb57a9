import test from 'ava';
import sharp from 'sharp';
import { similarPairs } from '../../src/classifier/similarity.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { connect } from '../../src/transfer/inspect/duplicates.js';
import { correlation, thumbnailOf } from '../../src/transfer/inspect/thumbnail.js';

test('pairs join into groups, whose similarity is that of their least similar pair', (t) => {
  const pairs = [
    { a: 4, b: 5, cosine: 0.9 },
    { a: 0, b: 3, cosine: 0.99 },
    { a: 3, b: 6, cosine: 0.95 },
  ];
  t.deepEqual(connect(8, pairs), [
    { members: [0, 3, 6], cosine: 0.95 },
    { members: [4, 5], cosine: 0.9 },
  ]);
});

test('similar pairs are those of the definition, over more rows than one block has, on both engines', async (t) => {
  const random = new RandomState(3);
  const rows = Array.from({ length: 300 }, () => Float32Array.from(random.uniform(-1, 1, 8)));
  rows[299] = rows[2]!.map((value) => 3 * value);
  rows[100] = new Float32Array(8);
  const cosine = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b) || 1);
  const expected: string[] = [];
  for (let a = 0; a < rows.length; a++)
    for (let b = a + 1; b < rows.length; b++)
      if (cosine(rows[a]!, rows[b]!) >= 0.9) expected.push(`${a} ${b}`);
  t.true(expected.includes('2 299') && expected.length > 10);
  for (const engine of [await ortNode({ provider: 'cpu' }), jsEngine()]) {
    const pairs = await similarPairs(engine, rows, 0.9);
    t.deepEqual(
      pairs.map(({ a, b }) => `${a} ${b}`),
      expected,
    );
    for (const { a, b, cosine: found } of pairs) t.true(Math.abs(found - cosine(rows[a]!, rows[b]!)) < 1e-5);
  }
});

test('thumbnails of a picture and its mirror image correlate, those of another picture do not', async (t) => {
  const random = new RandomState(5);
  const scene = async () =>
    sharp(Uint8Array.from(random.uniform(0, 255, 48)), { raw: { width: 4, height: 4, channels: 3 } })
      .resize(200, 150, { fit: 'fill' })
      .png()
      .toBuffer();
  const [picture, other] = [await scene(), await scene()];
  const first = await thumbnailOf(picture, {});
  const mirror = await thumbnailOf(await sharp(picture).flop().png().toBuffer(), {});
  const upsideDown = await thumbnailOf(await sharp(picture).flip().png().toBuffer(), {});
  t.true(correlation(first, first) > 0.9999);
  t.true(correlation(first, mirror) > 0.999);
  t.true(correlation(first, upsideDown) < 0.9);
  t.true(correlation(first, await thumbnailOf(other, {})) < 0.9);
});
