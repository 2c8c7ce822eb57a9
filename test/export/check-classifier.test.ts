import test from 'ava';
import { checkClassifier } from '../../src/classifier/check-classifier.js';
import { sealModel } from '../../src/classifier/seal-model.js';
import { ortNode } from '../../src/engine/ort-node.js';
import type { Model } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, type Tensor, tensor } from '../../src/graph/tensor.js';
import { FileClassifier } from '../../src/transfer/predict/load-classifier.js';
import { metadata, seededClassifier, seededNumbers } from './seeded-classifier.js';

const model = seededClassifier();

/** The model with one weight more, or another in the place of one. */
const withWeight = (name: string, weight: Tensor): Model => ({
  ...model,
  graph: { ...model.graph, initializers: new Map([...model.graph.initializers, [name, weight]]) },
});

test('a whole classifier passes, sealed or not', async (t) => {
  t.deepEqual(await checkClassifier(await sealModel(model)), metadata);
  t.deepEqual(await checkClassifier(encodeModel(model)), metadata);
});

test('a flipped bit anywhere is noticed when the model is loaded', async (t) => {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const sealed = await sealModel(model);
  for (const x of seededNumbers(24, 12)) {
    const place = Math.floor(((x + 1) / 2) * sealed.length * 8);
    const damaged = sealed.slice();
    damaged[place >> 3]! ^= 1 << (place % 8);
    await t.throwsAsync(FileClassifier.load(damaged, engine), undefined, `bit ${place}`);
  }
});

for (const [name, weight] of [
  ['float32', float32([0, Number.NaN])],
  ['float32', float32([Number.NEGATIVE_INFINITY, 0, 0.5])],
  ['float16', tensor('float16', Uint16Array.of(1, 0x7c00), [2])],
  ['float64', tensor('float64', Float64Array.of(1, Number.POSITIVE_INFINITY), [2])],
  ['float32', float32([Number.NaN], [])],
] as const)
  test(`weights of ${name} that are no numbers are refused: ${weight.data}`, async (t) => {
    const odd = withWeight('odd', weight);
    const told = {
      name: 'OnnxFormatError',
      message:
        "Expected finite weights. Received: NaN or infinity in 'odd'. Hint: its training failed, or the model is damaged.",
    };
    await t.throwsAsync(checkClassifier(encodeModel(odd)), told);
    await t.throwsAsync(sealModel(odd), told);
  });

test('large and small weights are numbers, and bounds and masks may be infinite', async (t) => {
  for (const weight of [
    float32([3.4e38, -3.4e38, 1e-45, 0]),
    tensor('float16', Uint16Array.of(0x7bff, 0xfbff, 1), [3]),
    tensor('float64', Float64Array.of(1e308, -1e308), [2]),
    tensor('int8', Int8Array.of(127, -1), [2]),
    float32([Number.POSITIVE_INFINITY], []),
    float32([0, Number.NEGATIVE_INFINITY, 0, 0], [2, 2]),
  ])
    await t.notThrowsAsync(checkClassifier(encodeModel(withWeight('odd', weight))), weight.type);
});

test('labels are as many as outputs', async (t) => {
  const few = seededClassifier({ metadata: { ...metadata, labels: ['one'] } });
  const outputs = model.graph.outputs;
  await t.throwsAsync(checkClassifier(encodeModel({ ...few, graph: { ...few.graph, outputs } })), {
    name: 'OnnxFormatError',
    message: 'Expected a label for each of 5 outputs. Received: 1 label: one.',
  });
  const many = ['a', 'b', 'c', 'd', 'e', 'f'];
  const more = seededClassifier({ metadata: { ...metadata, labels: many } });
  await t.throwsAsync(checkClassifier(encodeModel({ ...more, graph: { ...more.graph, outputs } })), {
    name: 'OnnxFormatError',
    message: 'Expected a label for each of 5 outputs. Received: 6 labels: a, b, c, ….',
  });
});

test('a model that reads no pixels is refused by the name of what it reads', async (t) => {
  const inputs = model.graph.inputs.map((input) => ({ ...input, name: 'images' }));
  const nodes = model.graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === 'pixels' ? 'images' : name)),
  }));
  await t.throwsAsync(checkClassifier(encodeModel({ ...model, graph: { ...model.graph, inputs, nodes } })), {
    name: 'OnnxFormatError',
    message: "Expected a model with an input 'pixels'. Received: one with 'images'.",
  });
});

test('a model that is newer than ONNX Runtime says so, rather than to be damaged', async (t) => {
  const bytes = encodeModel(model);
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  // Field 1, the version of the format, of which the last one counts.
  await t.throwsAsync(FileClassifier.load(Uint8Array.of(...bytes, 8, 14), engine), {
    name: 'OnnxFormatError',
    message:
      'Expected ONNX IR version 13 at most. Received: 14. Hint: export the model anew with an older version of onnx, or update ort-transfer.',
  });
  await t.throwsAsync(FileClassifier.load(encodeModel({ ...model, opset: 27 }), engine), {
    name: 'OnnxFormatError',
    message:
      'Expected operator set 7 to 26. Received: 27. Hint: export the model anew, with opset_version=18.',
  });
  await t.notThrowsAsync(FileClassifier.load(encodeModel({ ...model, opset: 26 }), engine));
});
