import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { sealModel } from '../../src/classifier/seal-model.js';
import type { GraphBuilder } from '../../src/graph/builder.js';
import type { Value } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32 } from '../../src/graph/tensor.js';
import { metadata, seededClassifier } from '../export/seeded-classifier.js';
import { run } from './command.js';
import { drawPatterns, patternNames } from './pictures.js';

const test = anyTest as TestFn<{ room: string }>;

const labels = [...patternNames, 'x', 'y'];
const about = { ...metadata, labels };
/** A last layer whose weights are all `weight`: embedding (N, 24) → logits (N, 5). */
const layer = (g: GraphBuilder, embedding: Value, weight: number): Value =>
  g.op('MatMul', [
    embedding,
    g.initializer('kernel', float32(new Float32Array(24 * 5).fill(weight), [24, 5])),
  ]);

/** Each model, with the error that every command ends in. */
const models: Record<string, { bytes: () => Uint8Array | Promise<Uint8Array>; error: RegExp }> = {
  'NaN weights': {
    bytes: () =>
      encodeModel(
        seededClassifier({
          metadata: about,
          head: (g, embedding) => g.op('Softmax', [layer(g, embedding, Number.NaN)]),
        }),
      ),
    error: /Expected finite weights\. Received: NaN or infinity in 'head\/kernel'\./,
  },
  'answers that overflow': {
    bytes: () =>
      sealModel(
        seededClassifier({
          metadata: about,
          head: (g, embedding) => g.op('Softmax', [layer(g, embedding, 3e38)]),
        }),
      ),
    error:
      /Expected finite probabilities\. Received: NaN for 'checks'\. Hint: the model is damaged, or its training failed; train it again\./,
  },
  'no softmax at the end': {
    bytes: () =>
      sealModel(seededClassifier({ metadata: about, head: (g, embedding) => layer(g, embedding, 300) })),
    error:
      /Expected probabilities from 0 to 1\. Received: \d+\.\d+ for 'checks'\. Hint: let the model end in softmax or sigmoid\./,
  },
  'a flipped bit': {
    bytes: async () => {
      const bytes = await sealModel(seededClassifier({ metadata: about }));
      bytes[5000]! ^= 0x40;
      return bytes;
    },
    error: /Expected a model as it was written\. Received: one with other bytes, as its SHA-256 tells\./,
  },
};

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-odd-models-'));
  await drawPatterns(join(room, 'photos'), 2, 1);
  t.context = { room };
});
test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

for (const [title, { bytes, error }] of Object.entries(models))
  test.serial(`${title}: an error, and no answer, of every command`, async (t) => {
    const { room } = t.context;
    const model = join(room, `${title}.onnx`);
    await writeFile(model, await bytes());
    const photos = join(room, 'photos');
    const predicted = await run('ort-predict', [photos, '--model', model]);
    t.deepEqual([predicted.code, predicted.stdout], [1, '']);
    t.regex(predicted.stderr, error);
    const evaluated = await run('ort-transfer', ['evaluate', photos, '--model', model, '--json']);
    t.deepEqual([evaluated.code, evaluated.stdout], [1, '']);
    t.regex(evaluated.stderr, error);
    t.notRegex(evaluated.stderr, /\n {4}at /);
  });
