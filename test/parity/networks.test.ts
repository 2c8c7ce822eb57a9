/** Every network of Keras's applications that is here, against Keras's own with random weights. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as applications from '../../src/applications.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { fold } from '../../src/graph/fold.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import type { Functional } from '../../src/keras/models/functional.js';
import type { Model } from '../../src/keras/models/model.js';
import { clearSession } from '../../src/keras/naming.js';
import { loadModel, modelToJson } from '../../src/keras/saving/index.js';
import { formatSummary } from '../../src/keras/summary.js';
import { noise } from '../applications/seeded.js';
import { assertClose } from '../compare.js';
import { pythonScript } from './python.js';

/** Every export of `ort-transfer/applications`. */
const networks = new Map<string, unknown>(Object.entries(applications));

const askKeras = pythonScript('networks.py');

type Name = (typeof names)[number];
const names = [
  ...(['VGG16', 'VGG19', 'ResNet50', 'ResNet50V2', 'InceptionV3', 'Xception', 'DenseNet121'] as const),
  ...(['MobileNetV3Small', 'MobileNetV3Large', 'NASNetMobile', 'ConvNeXtTiny'] as const),
  ...(['EfficientNetB0', 'EfficientNetB1', 'EfficientNetB2', 'EfficientNetB3', 'EfficientNetV2B0'] as const),
] as const;

interface Case {
  readonly name: Name;
  /** Height and width: of the network without its top, and with it. */
  readonly sizes: readonly number[];
  readonly topSize: number;
  /** Whether the network scales levels by itself. */
  readonly readsLevels?: boolean;
  /** Whether its input has to have a size. */
  readonly isStatic?: boolean;
  readonly options?: object;
}

const cases: readonly Case[] = [
  { name: 'VGG16', sizes: [32, 45], topSize: 32 },
  { name: 'VGG19', sizes: [33], topSize: 32 },
  { name: 'ResNet50', sizes: [64, 77], topSize: 65 },
  { name: 'ResNet50V2', sizes: [64, 77], topSize: 65 },
  { name: 'InceptionV3', sizes: [80, 107], topSize: 75 },
  { name: 'Xception', sizes: [72, 97], topSize: 71 },
  { name: 'DenseNet121', sizes: [64, 77], topSize: 33 },
  { name: 'MobileNetV3Small', sizes: [64, 77], topSize: 45, readsLevels: true },
  {
    ...{ name: 'MobileNetV3Large', sizes: [64], topSize: 45 },
    options: { alpha: 0.75, includePreprocessing: false, dropoutRate: 0 },
  },
  { name: 'MobileNetV3Large', sizes: [64], topSize: 33, readsLevels: true, options: { minimalistic: true } },
  { name: 'EfficientNetB0', sizes: [64, 77], topSize: 45, readsLevels: true },
  { name: 'EfficientNetB1', sizes: [33], topSize: 32, readsLevels: true },
  { name: 'EfficientNetB2', sizes: [33], topSize: 32, readsLevels: true },
  { name: 'EfficientNetB3', sizes: [33], topSize: 32, readsLevels: true },
  { name: 'EfficientNetV2B0', sizes: [64, 77], topSize: 45, readsLevels: true },
  { name: 'NASNetMobile', sizes: [64], topSize: 77, isStatic: true },
  { name: 'ConvNeXtTiny', sizes: [64, 77], topSize: 33, readsLevels: true },
];

interface Packed {
  shape: number[];
  data: string;
}
const unpack = ({ shape, data }: Packed): Tensor =>
  float32(new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer), shape);

interface NetworkAnswer {
  layers: [name: string, className: string][];
  params: number;
  json: { config: { layers: unknown[] } };
  summary: string;
  outputs: Packed[];
}

const snakeCase = (options: object) =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

/** float32 (1, size, size, 3), levels from 0 to white */
const picture = (size: number, white: number) =>
  float32(
    Float32Array.from(noise(size * size * 3, size), (u) => Math.floor(u * 256) * Math.fround(white / 255)),
    [1, size, size, 3],
  );

async function predict(model: Functional, sizes: readonly number[], white: number): Promise<Tensor[]> {
  const g = new GraphBuilder('network');
  const pictures = g.input('x', 'float32', ['N', 'H', 'W', 3]);
  const { output } = model.forward(inferenceContext(g), [
    g.op('Transpose', [pictures], { perm: [0, 3, 1, 2] }),
  ]);
  g.output('y', output, 'float32', ['N', 'D']);
  const engine = await ortNode({ provider: 'cpu', threads: 2 });
  const session = await engine.load(encodeModel({ graph: fold(g.build()), opset: 13 }));
  try {
    const outputs: Tensor[] = [];
    for (const size of sizes) outputs.push((await session.run({ x: picture(size, white) })).y!);
    return outputs;
  } finally {
    await session.release();
  }
}

/** Within 1e-4 of the largest value: sums of float32 in another order. */
function assertOutputs(
  t: ExecutionContext,
  actual: readonly Tensor[],
  expected: readonly Packed[],
  label: string,
) {
  t.is(actual.length, expected.length);
  for (const [i, packed] of expected.entries()) {
    const answer = unpack(packed);
    const values = Array.from(answer.data as Float32Array);
    const largest = Math.max(...values.map(Math.abs));
    t.true(
      Number.isFinite(largest) && Math.max(...values) - Math.min(...values) > 0.01 * largest,
      `${label}: too plain`,
    );
    assertClose(t, actual[i]!, answer, { label: `${label} ${i}`, absolute: 1e-4 * largest, relative: 0 });
  }
}

/** A configuration without what Keras notes of layers to no effect: the shapes that they were built with, no masks. */
const withoutBuilds = (json: unknown) =>
  JSON.parse(
    JSON.stringify(json, (key, value) =>
      key === 'build_config' || (key === 'mask' && value === null) || (key === 'training' && value === false)
        ? undefined
        : value,
    ),
  );

for (const { name, sizes, topSize, readsLevels = false, isStatic = false, options: own = {} } of cases) {
  const title = [name, ...Object.keys(own)].join(' ');
  test.serial(`${title}: the same network, from and to the same files`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'networks-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const make = networks.get(name) as (options: object) => Promise<Model>;
    const white = readsLevels ? 255 : 1;
    const [first = 0] = sizes;
    const bare = {
      ...own,
      includeTop: false,
      weights: null,
      pooling: 'avg',
      inputShape: isStatic ? [first, first, 3] : [null, null, 3],
    };
    const whole = { ...own, weights: null, classes: 5, inputShape: [topSize, topSize, 3] };
    const requests = [
      { ...{ options: bare, sizes }, files: ['weights.h5', 'keras'] },
      { ...{ options: whole, sizes: [topSize] }, files: ['h5'] },
    ];
    for (const [k, { options, sizes, files }] of requests.entries()) {
      const paths = files.map((ending) => join(folder, `${k}.${ending}`));
      const request = { application: name, options: snakeCase(options), sizes, white };
      const expected = await askKeras<NetworkAnswer>({ ask: 'network', ...request, files: paths });
      clearSession();
      const model = await make({ ...options, weights: paths[0] });
      t.deepEqual(
        model.layers.map((layer) => [layer.name, layer.className]),
        expected.layers,
      );
      t.is(model.countParams(), expected.params);
      t.is(formatSummary(model), expected.summary);
      t.deepEqual(withoutBuilds(JSON.parse(modelToJson(model))), withoutBuilds(expected.json));
      assertOutputs(t, await predict(model, sizes, white), expected.outputs, `${name} of ${files[0]}`);
      if (k === 1) continue;
      const loaded = await loadModel(paths[1]!);
      assertOutputs(t, await predict(loaded, sizes, white), expected.outputs, `${name} of ${files[1]}`);

      const [weights, whole] = [join(folder, 'ours.weights.h5'), join(folder, 'ours.h5')] as const;
      await model.saveWeights(weights);
      await model.save(whole);
      const read = await askKeras<Packed[][]>({ ask: 'reading', ...request, weights, whole });
      for (const [i, outputs] of read.entries())
        assertOutputs(t, outputs.map(unpack), expected.outputs, `${name} of our file ${i}`);
    }
  });
}
