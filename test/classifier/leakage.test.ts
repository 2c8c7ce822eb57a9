import test from 'ava';
import {
  alikeThroughout,
  type Compared,
  findLeaked,
  sameThing,
  tellsThings,
  withAccuracy,
} from '../../src/classifier/leakage.js';
import { cosineOf, medianCosine, similarAcross } from '../../src/classifier/similarity.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { RandomState } from '../../src/keras/random/random-state.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });
const random = new RandomState(2);
const row = () => Float32Array.from(random.normal(0, 1, 32));
/** Another row with a cosine of about 0.99. */
const near = (other: Float32Array) => other.map((value) => value + 0.1 * (random.normal(0, 1) as number));

const picture = (path: string, embedding: Float32Array = row(), content = path): Compared => ({
  path,
  content,
  embedding,
});

test('the most similar of other rows is that of the definition, over more rows than one block has, on both engines', async (t) => {
  const rows = Array.from({ length: 300 }, row);
  const others = Array.from({ length: 70 }, row);
  rows[299] = near(others[3]!);
  rows[5] = others[3]!.map((value) => 2 * value);
  others[9] = near(others[3]!);
  rows[7] = new Float32Array(32);
  const least = 0.5;
  const expected = rows.flatMap((r, a) => {
    const cosines = others.map((other) => cosineOf(r, other));
    const cosine = Math.max(...cosines);
    const alike = cosines.filter((value) => value >= least).length;
    return alike > 0 ? [{ a, b: cosines.indexOf(cosine), alike, cosine }] : [];
  });
  t.true(expected.some(({ alike }) => alike === 2) && expected.length < 200);
  for (const one of [engine, jsEngine()]) {
    const found = await similarAcross(one, rows, others, least);
    t.deepEqual(
      found.map(({ a, b, alike }) => ({ a, b, alike })),
      expected.map(({ a, b, alike }) => ({ a, b, alike })),
    );
    for (const [i, { cosine }] of found.entries()) t.true(Math.abs(cosine - expected[i]!.cosine) < 1e-5);
  }
  t.deepEqual(await similarAcross(engine, [], others, least), []);
  t.deepEqual(await similarAcross(engine, rows, [], least), []);
});

test('pictures show the same thing from a cosine of 0.88 on, and below it do not', async (t) => {
  const unit = (cosine: number) => Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2), 0);
  const held = [0.879, 0.881].map((cosine) => picture(`held/${cosine}`, unit(cosine)));
  // Two that have nothing to do with each other, lest all look alike.
  const training = [Float32Array.of(1, 0, 0), Float32Array.of(0, 0, 1)];
  const { pairs } = withAccuracy(
    await findLeaked(
      held,
      training.map((embedding, i) => picture(`train/${i}`, embedding)),
      engine,
    ),
    [],
  );
  t.deepEqual(
    pairs.map(({ a, b }) => [a, b]),
    [['held/0.881', 'train/0']],
  );
});

test('pictures that training has seen are found, those of the same content first, and the accuracy is told without', async (t) => {
  const training = Array.from({ length: 20 }, (_, i) => picture(`train/${i}`));
  const like = near(training[4]!.embedding!);
  const held = [
    picture('held/new'),
    picture('held/near', like),
    picture('held/copy', training[7]!.embedding, 'train/7'),
  ];
  const found = await findLeaked(held, training, engine);
  const similarity = cosineOf(like, training[4]!.embedding!);
  t.true(similarity > sameThing);
  t.is(found.count, 2);
  t.deepEqual(
    found.pairs.map(({ a, b }) => [a, b]),
    [
      ['held/copy', 'train/7'],
      ['held/near', 'train/4'],
    ],
  );
  t.is(found.pairs[0]!.similarity, 1);
  t.true(Math.abs(found.pairs[1]!.similarity - similarity) < 1e-5);
  const answers = held.map(({ path }, i) => ({ path, isRight: i > 0 }));
  t.deepEqual(withAccuracy(found, answers), { ...found, without: { samples: 1, accuracy: 0 } });
  t.is(withAccuracy(found, answers.slice(1)).without, null);
});

test('without embeddings contents alone are compared, and every copy counts', async (t) => {
  const bare = (path: string, content: string): Compared => ({ path, content });
  const training = [bare('a', 'X'), bare('b', 'X'), bare('c', 'Y')];
  t.deepEqual(await findLeaked([bare('d', 'X'), bare('e', 'Z')], training, engine), {
    count: 2,
    pairs: [{ a: 'd', b: 'a', similarity: 1 }],
  });
});

test('where all pictures look alike the cosine tells nothing', async (t) => {
  const common = row();
  const training = Array.from({ length: 20 }, (_, i) => picture(`train/${i}`, near(common)));
  const rows = training.flatMap(({ embedding }) => embedding ?? []);
  t.true((alikeThroughout(rows) ?? 0) > 0.9);
  t.is(alikeThroughout(Array.from({ length: 20 }, row)), null);
  t.deepEqual((await findLeaked([picture('held', near(common))], training, engine)).pairs, []);
  t.is(medianCosine([common]), 0);
});

test('MobileNet with weights of ImageNet tells things, with those of faces it does not', (t) => {
  t.true(tellsThings({ name: 'mobilenet', weights: 'imagenet' }));
  t.true(tellsThings({ name: 'mobilenet_v2', weights: 'imagenet-v2' }));
  t.true(tellsThings({ name: 'mobilenet', weights: 'mobilenet_1_0_224_tf_no_top.h5' }));
  t.false(tellsThings({ name: 'mobilenet', weights: 'vggface2' }));
  t.false(tellsThings({ name: 'mobilenet', weights: 'random' }));
  t.false(tellsThings({ name: 'onnx', weights: 'any.onnx' }));
});
