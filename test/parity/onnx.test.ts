import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { backboneModel, loadBackbone } from '../../src/classifier/backbone.js';
import { buildClassifier } from '../../src/classifier/build.js';
import { explain } from '../../src/classifier/explain.js';
import { readFaceDetectorModel } from '../../src/classifier/face-detector.js';
import { storeWeights } from '../../src/classifier/precision.js';
import { resizeModel } from '../../src/classifier/resize-model.js';
import type { Engine } from '../../src/engine/engine.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { isRewritten } from '../../src/graph/opset.js';
import { scalings } from '../../src/graph/preprocessing.js';
import { float32, sizeOf, tensor } from '../../src/graph/tensor.js';
import { modernOpset, oldestOpset } from '../../src/graph/versions.js';
import { MobileNetV2 } from '../../src/keras/applications/mobilenet-v2.js';
import * as layers from '../../src/keras/layers/index.js';
import type { KerasTensor } from '../../src/keras/layers/layer.js';
import * as losses from '../../src/keras/losses/index.js';
import type { Metric } from '../../src/keras/metrics/index.js';
import * as metrics from '../../src/keras/metrics/index.js';
import { Model } from '../../src/keras/models/model.js';
import * as optimizers from '../../src/keras/optimizers/index.js';
import { L1L2 } from '../../src/keras/regularizers.js';
import { openOnnxBackbone } from '../../src/transfer/backbone-onnx/backbone-onnx.js';
import { convertModel } from '../../src/transfer/convert/convert.js';
import { assertClose } from '../compare.js';
import { head, metadata, seededClassifier } from '../export/seeded-classifier.js';
import { onnxFile } from '../transfer/onnx-files.js';
import { pythonScript } from './python.js';

interface Verdict {
  readonly problems: readonly string[];
  readonly ir: number;
  readonly opsets: Readonly<Record<string, number>>;
}

const engine = await ortNode({ provider: 'cpu', threads: 1 });
const askOnnx = pythonScript('onnx_files.py');

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const quiet = { info: () => {} };

/** Keeps what the engine is given to load. */
const recorder = (loaded: Uint8Array[]): Engine => ({
  ...engine,
  load: async (bytes) => {
    loaded.push(bytes);
    return engine.load(bytes);
  },
});

type Head = (x: KerasTensor) => KerasTensor;
const dense = (units: number, activation?: layers.DenseOptions['activation']) =>
  new layers.Dense({ units, activation, kernelRegularizer: L1L2({ l1: 0.01, l2: 0.01 }) });

/** Every layer that trains, on data of a shape that it takes. */
const layersThatTrain: [name: string, shape: number[], through: Head][] = [
  ...(['relu', 'tanh', 'sigmoid', 'softmax', 'elu', 'gelu', 'linear'] as const).map(
    (activation): [string, number[], Head] => [
      `Dense ${activation}`,
      [5],
      (x) => dense(4, activation).apply(x),
    ],
  ),
  ['Activation', [5], (x) => new layers.Activation({ activation: 'relu' }).apply(dense(4).apply(x))],
  [
    'ReLU',
    [5],
    (x) => new layers.ReLU({ maxValue: 6, negativeSlope: 0.1, threshold: 0.2 }).apply(dense(4).apply(x)),
  ],
  ['LeakyReLU', [5], (x) => new layers.LeakyReLU().apply(dense(4).apply(x))],
  ['ELU', [5], (x) => new layers.ELU().apply(dense(4).apply(x))],
  ['Softmax', [5], (x) => new layers.Softmax().apply(dense(4).apply(x))],
  ['Dropout', [5], (x) => new layers.Dropout({ rate: 0.4 }).apply(dense(4).apply(x))],
  ['BatchNormalization', [5], (x) => new layers.BatchNormalization().apply(dense(4).apply(x))],
  [
    'BatchNormalization of maps',
    [4, 4, 3],
    (x) => new layers.Flatten().apply(new layers.BatchNormalization().apply(x)),
  ],
  [
    'Reshape',
    [6],
    (x) => new layers.Flatten().apply(new layers.Reshape({ targetShape: [2, 2] }).apply(dense(4).apply(x))),
  ],
  [
    'GlobalAveragePooling2D',
    [4, 4, 3],
    (x) => new layers.GlobalAveragePooling2D().apply(new layers.BatchNormalization().apply(x)),
  ],
  [
    'GlobalMaxPooling2D',
    [4, 4, 3],
    (x) => new layers.GlobalMaxPooling2D().apply(new layers.BatchNormalization().apply(x)),
  ],
  ['Concatenate', [5], (x) => new layers.Concatenate().apply([dense(4).apply(x), dense(3).apply(x)])],
  ['Add', [5], (x) => new layers.Add().apply([dense(4).apply(x), dense(4).apply(x)])],
  ['frozen convolutions', [12, 12, 3], frozen],
];

/** Every layer that stays as it is. */
function frozen(x: KerasTensor): KerasTensor {
  const trainable = false;
  let y = new layers.ZeroPadding2D({ padding: 1 }).apply(x);
  y = new layers.Conv2D({ filters: 4, kernelSize: 3, trainable }).apply(y);
  y = new layers.MaxPooling2D({ poolSize: 2, padding: 'same' }).apply(y);
  y = new layers.SeparableConv2D({ filters: 5, kernelSize: 3, padding: 'same', trainable }).apply(y);
  y = new layers.DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, trainable }).apply(y);
  y = new layers.AveragePooling2D({ poolSize: 2, strides: 1, padding: 'same' }).apply(y);
  return new layers.GlobalAveragePooling2D().apply(y);
}

const { RMSprop, SGD, Adam, AdamW } = optimizers;
const everyOptimizer: optimizers.Optimizer[] = [
  new RMSprop(),
  new RMSprop({ momentum: 0.9, centered: true, clipnorm: 1 }),
  new SGD(),
  new SGD({ momentum: 0.9, nesterov: true, clipvalue: 0.5 }),
  new Adam({ amsgrad: true, globalClipnorm: 1 }),
  new AdamW({ weightDecay: 0.01 }),
];

const everyLoss: [
  losses.Loss,
  outputs: number,
  activation: 'softmax' | 'sigmoid' | 'linear',
  targets: number,
  Metric[],
][] = [
  [
    new losses.CategoricalCrossentropy({ labelSmoothing: 0.1 }),
    ...([3, 'softmax', 3] as const),
    [new metrics.CategoricalAccuracy(), new metrics.TopKCategoricalAccuracy({ k: 2 }), new metrics.AUC()],
  ],
  [
    new losses.CategoricalCrossentropy({ fromLogits: true }),
    3,
    'linear',
    3,
    [new metrics.CategoricalCrossentropy()],
  ],
  [
    new losses.SparseCategoricalCrossentropy(),
    ...([3, 'softmax', 1] as const),
    [
      new metrics.SparseCategoricalAccuracy(),
      new metrics.SparseTopKCategoricalAccuracy({ k: 2 }),
      new metrics.SparseCategoricalCrossentropy(),
    ],
  ],
  [
    new losses.BinaryCrossentropy(),
    ...([1, 'sigmoid', 1] as const),
    [
      new metrics.BinaryAccuracy(),
      new metrics.Precision(),
      new metrics.Recall(),
      new metrics.BinaryCrossentropy(),
    ],
  ],
  [new losses.MeanSquaredError(), 2, 'linear', 2, [new metrics.MeanSquaredError()]],
];

/** The graphs that a model is trained, evaluated and asked with. */
async function graphsOf(
  shape: readonly number[],
  through: Head,
  compile: {
    optimizer?: optimizers.Optimizer;
    loss?: losses.Loss;
    metrics?: Metric[];
    targets?: number;
  } = {},
): Promise<Uint8Array[]> {
  const loaded: Uint8Array[] = [];
  const input = layers.Input({ shape });
  const model = new Model({ inputs: input, outputs: through(input) });
  const { optimizer, loss = new losses.MeanSquaredError(), metrics: watched = [] } = compile;
  model.compile({ optimizer, loss, metrics: watched, engine: recorder(loaded) });
  const x = float32(new Float32Array(4 * sizeOf(shape)).fill(0.5), [4, ...shape]);
  const targets = compile.targets ?? model.outputShape.at(-1)!;
  const y = float32(new Float32Array(4 * targets), [4, targets]);
  const options = { epochs: 1, batchSize: 2, verbose: 0 } as const;
  if (model.trainableWeights.length > 0)
    await model.fit(x, y, { ...options, sampleWeight: float32([1, 2, 3, 4]), validationData: [x, y] });
  await model.predict(x, { verbose: 0 });
  await model.release();
  return loaded;
}

/** Everything that is written, by name. */
async function everyGraph(): Promise<[name: string, opset: number, bytes: Uint8Array][]> {
  const all: [string, number, Uint8Array][] = [];
  const add = (name: string, opset: number, ...graphs: Uint8Array[]) =>
    all.push(...graphs.map((bytes, i) => [`${name} ${i}`, opset, bytes] as [string, number, Uint8Array]));
  const softmax: Head = (x) => dense(3, 'softmax').apply(x);
  for (const [name, shape, through] of layersThatTrain) add(name, 13, ...(await graphsOf(shape, through)));
  for (const optimizer of everyOptimizer)
    add(optimizer.constructor.name, 13, ...(await graphsOf([4], softmax, { optimizer })));
  for (const [loss, units, activation, targets, watched] of everyLoss)
    add(
      loss.name,
      13,
      ...(await graphsOf([4], (x) => dense(units, activation).apply(x), { loss, metrics: watched, targets })),
    );

  const backbone = await loadBackbone({ weights: null, alpha: 0.25, size: 128 });
  add('backbone', 13, encodeModel(backboneModel(backbone, { outputs: ['embedding', 'map'] })));
  add('detector', 18, await readFaceDetectorModel());
  add('resize', 18, resizeModel([224, 224]));
  for (const [name, scaling] of Object.entries(scalings))
    for (const crop of ['none', 'center', 'face'] as const) {
      const preprocessing = { ...metadata.preprocessing, ...scaling, crop };
      add(
        `classifier ${name} ${crop}`,
        18,
        encodeModel(seededClassifier({ metadata: { ...metadata, preprocessing } })),
      );
    }
  const classifier = buildClassifier({
    metadata: { ...metadata, preprocessing: { ...metadata.preprocessing, size: [128, 128] } },
    backbone: backbone.write,
    head: (g, x) => head(g, g.op('Slice', [x, g.ints(0), g.ints(24), g.ints(1)])),
  });
  const explained = explain(seededClassifier());
  add('MobileNet', 18, encodeModel(classifier));
  add('explained', 18, encodeModel(explained));
  for (const precision of ['fp16', 'int8'] as const)
    for (const model of [classifier, explained])
      add(precision, 18, encodeModel({ ...model, graph: storeWeights(model.graph, precision) }));

  for (const [name, opset, file] of [
    ['map', 11, onnxFile({ opset: 11, layout: 'nhwc' })],
    ['one by one', 17, onnxFile({ batch: 1, output: 'classes' })],
    ['half', 13, onnxFile({ opset: 13, half: true, output: 'classes' })],
    ['modern', 21, onnxFile({ opset: 21, output: 'classes' })],
  ] as const) {
    const path = join(folder, 'net.onnx');
    await writeFile(path, file);
    const extractor = await openOnnxBackbone(path, { engine, inputScaling: 'torch' }, quiet);
    add(`features of ${name}`, Math.max(18, opset), encodeModel(backboneModel(extractor)));
    const preprocessing = { ...metadata.preprocessing, size: extractor.size, ...extractor.scaling };
    const model = buildClassifier({
      metadata: { ...metadata, labels: ['a', 'b', 'c', 'd', 'e', 'f'], preprocessing },
      backbone: extractor.write,
      opset: extractor.opset,
      head: (g, x) => g.op('Softmax', [x], { axis: 1 }),
    });
    add(`classifier on ${name}`, Math.max(18, opset), encodeModel(model));
  }

  const options = { weights: null, alpha: 0.35, inputShape: [96, 96, 3] } as const;
  for (const [name, opset, model, more] of [
    ['features', 13, await MobileNetV2({ ...options, includeTop: false }), {}],
    ['classes', 18, await MobileNetV2({ ...options, classes: 2 }), { labels: ['a', 'b'] }],
  ] as const) {
    const [input, out] = [join(folder, `${name}.keras`), join(folder, `${name}.onnx`)];
    await model.save(input);
    await convertModel({ input, out, ...more });
    all.push([`converted ${name}`, opset, await readFile(out)]);
  }
  return all;
}

test.serial(
  'onnx.checker and shape inference accept every graph, of IR 8 and the lowest operator set',
  async (t) => {
    const all = await everyGraph();
    const requests = await Promise.all(
      all.map(async ([, , bytes], i) => {
        const path = join(folder, `${i}.onnx`);
        await writeFile(path, bytes);
        return { ask: 'check', path };
      }),
    );
    for (const [i, { problems, ir, opsets }] of (await askOnnx<Verdict[]>(requests)).entries()) {
      const [name, opset] = all[i]!;
      t.deepEqual({ problems, ir, opsets }, { problems: [], ir: 8, opsets: { '': opset } }, name);
    }
    t.true(all.length > 100, `${all.length} graphs`);
    t.log(`${all.length} graphs`);
  },
);

test.serial('every operation that changed between operator sets is said anew', async (t) => {
  const [changed] = await askOnnx<string[][]>([{ ask: 'changed', first: oldestOpset, last: modernOpset }]);
  t.deepEqual(
    changed!.filter((op) => !isRewritten(op)),
    [],
  );
  t.true(changed!.length > 20);
});

test.serial('networks that Python makes are feature extractors', async (t) => {
  const cases = [7, 10, 11, 12, 13, 17, 18, 20].flatMap((opset) =>
    [1, 'N'].map((batch, i) => ({ opset, batch, layout: (opset + i) % 2 ? 'nchw' : 'nhwc' })),
  );
  const path = (i: number) => join(folder, `made-${i}.onnx`);
  const made = await askOnnx<number[][]>(cases.map((given, i) => ({ ask: 'make', path: path(i), ...given })));
  const pixels = Uint8Array.from({ length: 2 * 24 * 32 * 3 }, (_, i) => (i * 37) % 256);
  for (const [i, expected] of made.entries()) {
    const label = JSON.stringify(cases[i]);
    const backbone = await openOnnxBackbone(path(i), { engine, inputScaling: 'torch' }, quiet);
    t.deepEqual([backbone.size, backbone.features, backbone.info.output], [[24, 32], 8, 'mean'], label);
    const session = await engine.load(encodeModel(backboneModel(backbone)));
    const { embedding } = await session.run({ pixels: tensor('uint8', pixels, [2, 24, 32, 3]) });
    // Sums of 27 products each, averaged over 192 places.
    assertClose(t, embedding!, float32(expected, [2, 8]), { label, relative: 1e-4, absolute: 1e-5 });
    await session.release();
  }
});
