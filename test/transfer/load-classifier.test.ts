import test from 'ava';
import type { ClassifierOptions } from '../../src/classifier/build.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { OnnxFormatError } from '../../src/graph/onnx-format-error.js';
import { FileClassifier } from '../../src/transfer/predict/load-classifier.js';
import { head, seededClassifier } from '../export/seeded-classifier.js';

const picture = { width: 5, height: 4, channels: 3, data: new Uint8Array(60).fill(90) } as const;

const engine = await ortNode({ provider: 'cpu', threads: 1 });

const classify = async (model: Uint8Array) => {
  const classifier = await FileClassifier.load(model, engine);
  try {
    return await classifier.classify(picture);
  } finally {
    await classifier.release();
  }
};

test('a model is loaded from its bytes, and classifies pixels', async (t) => {
  const { image, faces, results } = await classify(encodeModel(seededClassifier()));
  t.is(image, picture);
  t.deepEqual(faces, []);
  t.is(results.length, 1);
  const sum = results[0].probabilities.reduce((total, value) => total + value, 0);
  t.true(Math.abs(sum - 1) < 1e-6, `${sum}`);
});

const other: Record<string, [head: ClassifierOptions['head'], message: string]> = {
  'as many answers as labels': [
    (g, embedding) => g.op('Slice', [head(g, embedding), g.ints(0), g.ints(3), g.ints(1)]),
    'Expected a probability for each of 5 labels. Received: a model with 3 of type float32.',
  ],
  'finite answers': [
    (g, embedding) => g.op('Div', [head(g, embedding), g.scalar(0)]),
    "Expected finite probabilities. Received: Infinity for 'apple'. Hint: the model is damaged, or its training failed; train it again.",
  ],
};
for (const [expected, [head, message]] of Object.entries(other))
  test(`a model must give ${expected}`, async (t) => {
    await t.throwsAsync(classify(encodeModel(seededClassifier({ head }))), {
      instanceOf: OnnxFormatError,
      message,
    });
  });

test('a model must have probabilities among its outputs', async (t) => {
  const model = seededClassifier();
  const outputs = model.graph.outputs.map((output) => ({ ...output, name: 'head/Softmax' }));
  await t.throwsAsync(classify(encodeModel({ ...model, graph: { ...model.graph, outputs } })), {
    instanceOf: OnnxFormatError,
    message: "Expected a model with an output 'probabilities'. Received: one with 'head/Softmax'.",
  });
});
