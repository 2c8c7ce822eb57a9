import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import proto from 'onnx-proto';
import { backboneModel, type FeatureExtractor } from '../../src/classifier/backbone.js';
import { buildClassifier } from '../../src/classifier/build.js';
import { explain } from '../../src/classifier/explain.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Attribute, Graph } from '../../src/graph/graph.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { type ScalingName, scalings, tfScaling } from '../../src/graph/preprocessing.js';
import { float32, tensor } from '../../src/graph/tensor.js';
import { newestOpset } from '../../src/graph/versions.js';
import { MobileNet } from '../../src/keras/applications/mobilenet.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import {
  type OnnxBackboneOptions,
  openOnnxBackbone,
} from '../../src/transfer/backbone-onnx/backbone-onnx.js';
import { convertModel } from '../../src/transfer/convert/convert.js';
import { prepareBackbone } from '../../src/transfer/features/preparation.js';
import { assertClose } from '../compare.js';
import { withFolder } from '../saving/folder.js';
import { type FileOptions, onnxFile } from './onnx-files.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });
const quiet = { info: () => {}, warn: () => {}, print: () => {}, progress: () => {} };

async function open(
  bytes: Uint8Array,
  options: Partial<OnnxBackboneOptions> = {},
): Promise<FeatureExtractor> {
  let backbone: FeatureExtractor | undefined;
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'net.onnx'), bytes);
    process.chdir(folder);
    try {
      backbone = await openOnnxBackbone('net.onnx', { engine, ...options }, quiet);
    } finally {
      process.chdir(home);
    }
  });
  return backbone!;
}
const home = process.cwd();

const count = 3;
const pixels = (size: number) =>
  Uint8Array.from({ length: count * size * size * 3 }, (_, i) => (i * 37 + (i >> 3) * 11) % 256);

/** What the file itself makes of the pictures, scaled in JavaScript, one by one, and averaged where it is a map. */
async function expectedFeatures(
  options: FileOptions,
  name: ScalingName,
  size: number,
): Promise<Float32Array> {
  const { layout = 'nchw', type = 'float32', output = 'map' } = options;
  const session = await engine.load(
    onnxFile({ ...options, output: output === 'classes' ? 'pooled' : output }),
  );
  const { channels, mean, scale } = scalings[name];
  const all = pixels(size);
  const area = size * size;
  const features: number[] = [];
  for (let picture = 0; picture < count; picture++) {
    const scaled = new Float32Array(area * 3);
    for (let place = 0; place < area; place++)
      for (let c = 0; c < 3; c++) {
        const level = all[(picture * area + place) * 3 + (channels === 'RGB' ? c : 2 - c)]!;
        const value = (level - mean[c]!) * (typeof scale === 'number' ? scale : scale[c]!);
        scaled[layout === 'nchw' ? c * area + place : place * 3 + c] = value;
      }
    const dims = layout === 'nchw' ? [1, 3, size, size] : [1, size, size, 3];
    const images = type === 'uint8' ? tensor('uint8', Uint8Array.from(scaled), dims) : float32(scaled, dims);
    const made = Object.values(await session.run({ images }))[0]!;
    const values = made.data as Float32Array;
    const places = values.length / 6;
    for (let d = 0; d < 6; d++) {
      let sum = 0;
      for (let place = 0; place < places; place++)
        sum += values[output === 'last' ? place * 6 + d : d * places + place]!;
      features.push(sum / places);
    }
  }
  await session.release();
  return Float32Array.from(features);
}

const labels = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The features, from the model that extracts them and from an exported classifier, whose head passes them on. */
async function featuresOf(backbone: FeatureExtractor): Promise<Float32Array[]> {
  const [height, width] = backbone.size;
  const feed = { pixels: tensor('uint8', pixels(height), [count, height, width, 3]) };
  const classifier = buildClassifier({
    metadata: {
      labels,
      preprocessing: { size: backbone.size, crop: 'none', exif: true, ...backbone.scaling },
    },
    backbone: backbone.write,
    opset: backbone.opset,
    head: (_, embedding) => embedding,
  });
  return Promise.all(
    [backboneModel(backbone), classifier].map(async (model) => {
      const session = await engine.load(encodeModel(model));
      const [made] = Object.values(await session.run(feed));
      t_dims.push(made!.dims);
      await session.release();
      return made!.data as Float32Array;
    }),
  );
}
const t_dims: (readonly number[])[] = [];

const cases: [title: string, file: FileOptions, scaling: ScalingName][] = [
  ['a map, channels first', {}, 'tf'],
  ['a map, channels last', { layout: 'nhwc', output: 'last' }, 'torch'],
  ['channels last and a map with channels first', { layout: 'nhwc' }, '0-1'],
  ['pooled features', { output: 'pooled' }, 'caffe'],
  ['one picture at a time', { output: 'pooled', batch: 1 }, 'tf'],
  ['one picture at a time, as it says, without needing to', { batch: 1, layout: 'nhwc' }, 'tf'],
  ['bytes, channels last', { type: 'uint8', layout: 'nhwc', output: 'pooled' }, 'none'],
  ['bytes, channels first', { type: 'uint8' }, 'none'],
  ['a classifier, of which the last layer is left out', { output: 'classes' }, 'tf'],
  ['a classifier of one picture', { output: 'classes', batch: 1, opset: 11 }, 'tf'],
  ['half precision within, of which a value inside is taken', { output: 'classes', half: true }, 'tf'],
  ['a classifier whose weights are nodes', { output: 'classes', constants: true }, 'torch'],
  ...[7, 11, 13, 18, 21, newestOpset].map((opset): [string, FileOptions, ScalingName] => [
    `operator set ${opset}`,
    { opset, output: 'pooled' },
    'torch',
  ]),
];
for (const [title, file, scaling] of cases)
  test.serial(`an ONNX model's features are those of the model itself: ${title}`, async (t) => {
    const backbone = await open(onnxFile(file), {
      ...(file.type === 'uint8' ? {} : { inputScaling: scaling }),
    });
    t.deepEqual(
      [backbone.features, backbone.size, backbone.opset],
      [6, [32, 32], Math.max(18, file.opset ?? 17)],
    );
    const expected = await expectedFeatures(file, scaling, 32);
    for (const [i, actual] of (await featuresOf(backbone)).entries())
      assertClose(t, actual, expected, {
        label: ['extractor', 'classifier'][i]!,
        // Batch normalisation is folded into the convolution; halves have 11 bits.
        relative: file.half ? 2 ** -10 : 1e-5,
        absolute: 1e-5 * Math.max(...expected.map(Math.abs)),
      });
    for (const dims of t_dims.splice(0)) t.deepEqual(dims, [count, 6]);
  });

test.serial('size and scaling come from what the file says of itself, or from options', async (t) => {
  const preprocessing = JSON.stringify({ size: [48, 48], crop: 'none', exif: true, ...tfScaling });
  const free: FileOptions = { size: 'S', metadata: { preprocessing } };
  t.like(await open(onnxFile(free)), { size: [48, 48], scaling: tfScaling });
  t.like(await open(onnxFile(free), { size: 64, inputScaling: '0-1' }), {
    size: [64, 64],
    scaling: scalings['0-1'],
  });
  const standard = { 'Image.NominalPixelRange': 'Normalized_0_1', 'Image.BitmapPixelFormat': 'Bgr8' };
  t.like(await open(onnxFile({ size: 'S', metadata: standard })), {
    size: [224, 224],
    scaling: { channels: 'BGR', mean: [0, 0, 0], scale: 1 / 255 },
    info: { name: 'onnx', weights: 'net.onnx', output: 'map' },
  });
});

test.serial('a value inside can be chosen, and a classifier of such features explains itself', async (t) => {
  const backbone = await open(onnxFile({ output: 'classes' }), { inputScaling: 'tf', outputName: '3' });
  t.is(backbone.info.output, '3');
  const model = buildClassifier({
    metadata: {
      labels,
      preprocessing: { size: backbone.size, crop: 'none', exif: true, ...backbone.scaling },
    },
    backbone: backbone.write,
    opset: backbone.opset,
    head: (g, x) => g.op('Gemm', [x, g.initializer('w', float32(new Float32Array(36).fill(0.1), [6, 6]))]),
  });
  const session = await engine.load(encodeModel(explain(model)));
  const { heatmap } = await session.run({ pixels: tensor('uint8', pixels(40), [count, 40, 40, 3]) });
  t.deepEqual(heatmap!.dims, [count, 8, 8]);
});

test.serial('what has a number for a name, or none, is called after its operation', async (t) => {
  for (const file of [
    { output: 'classes', constants: true },
    { batch: 1, output: 'pooled' },
  ] as const) {
    const { graph } = backboneModel(await open(onnxFile(file), { inputScaling: 'tf' }));
    const names = ({ nodes, initializers }: Graph): string[] => [
      ...initializers.keys(),
      ...nodes.flatMap(({ name, outputs, attributes: { body } }) => [
        name,
        ...outputs,
        ...(typeof body === 'object' && 'graph' in body ? names(body.graph) : []),
      ]),
    ];
    const all = names(graph);
    t.true(all.includes('backbone/Conv') && all.includes('backbone/GlobalAveragePool'), all.join(' '));
    t.deepEqual(
      all.filter((name) => /^(backbone\/)?[\d/_]*$/.test(name)),
      [],
    );
  }
});

test.serial("Keras's MobileNet, converted, is a feature extractor like the original", async (t) => {
  await withFolder(async (folder) => {
    setRandomSeed(3);
    const model = await MobileNet({
      weights: null,
      alpha: 0.25,
      includeTop: false,
      inputShape: [128, 128, 3],
    });
    const [keras, onnx] = [join(folder, 'mobilenet.keras'), join(folder, 'mobilenet.onnx')];
    await model.save(keras);
    const { notes } = await convertModel({ input: keras, out: onnx, scaling: 'tf' });
    t.deepEqual(notes, [
      `The model tells no classes apart, so it is written as it is: train on its features with \`weights\` ${onnx}.`,
    ]);
    const { backbone, preprocessing } = await prepareBackbone({ weights: onnx, engine }, quiet);
    t.deepEqual(preprocessing, { size: [128, 128], crop: 'none', noFace: 'whole', exif: true, ...tfScaling });
    const data = pixels(128);
    const scaled = Float32Array.from(data, (level) => (level - 127.5) / 127.5);
    const map = await model.predict(float32(scaled, [count, 128, 128, 3]), { verbose: 0 });
    const expected = Float32Array.from({ length: count * 256 }, (_, i) => {
      let sum = 0;
      for (let place = 0; place < 16; place++)
        sum += map.data[(Math.floor(i / 256) * 16 + place) * 256 + (i % 256)]!;
      return sum / 16;
    });
    const session = await engine.load(encodeModel(backboneModel(backbone)));
    const { embedding } = await session.run({ pixels: tensor('uint8', data, [count, 128, 128, 3]) });
    assertClose(t, embedding!.data as Float32Array, expected, {
      label: 'features',
      relative: 1e-4,
      absolute: 1e-5,
    });
    await model.release();
  });
});

/** A graph of one operation that there is no word for, or one of whose attributes. */
function strange(
  domain: string,
  op: string,
  opset = 18,
  attributes: Record<string, Attribute> = { spatial: 0 },
): Uint8Array {
  const g = new GraphBuilder('strange');
  const x = g.input('x', 'float32', ['N', 3, 8, 8]);
  g.add({ op, domain, name: 'odd', inputs: [x], outputs: ['y'], attributes });
  g.output('y', 'y', 'float32', ['N', 3, 8, 8]);
  return encodeModel({ graph: g.build(), opset });
}

function withInputs(...dims: (string | number)[][]): Uint8Array {
  const g = new GraphBuilder('inputs');
  const inputs = dims.map((shape, i) => g.input(`in${i}`, 'float32', shape));
  for (const [i, input] of inputs.entries()) g.output(`out${i}`, input, 'float32', dims[i]!);
  return encodeModel({ graph: g.build(), opset: 18 });
}

const mistakes: [
  title: string,
  bytes: Uint8Array,
  options: Partial<OnnxBackboneOptions>,
  message: RegExp | string,
][] = [
  [
    'unknown scaling',
    onnxFile(),
    {},
    "Expected to know how net.onnx wants the levels of pictures. Received: 'images': float32 (N, 3, 32, 32), and nothing about it in metadata_props. Hint: `inputScaling` tf, torch, caffe, 0-1, none, as it was trained: 'tf' is −1 to 1, 'torch' ImageNet's mean and deviation, 'caffe' BGR less the mean.",
  ],
  [
    'another size',
    onnxFile(),
    { size: 64, inputScaling: 'tf' },
    'Expected `size` as net.onnx reads pictures: 32 × 32. Received: 64.',
  ],
  [
    'several inputs',
    withInputs(['N', 3, 8, 8], ['N', 3, 8, 8]),
    {},
    "Expected a model with one input, which takes pictures. Received: 2 ('in0', 'in1') in net.onnx.",
  ],
  [
    'no pictures',
    withInputs(['N', 128]),
    {},
    "Expected an input of pictures, float32 or uint8 (N, 3, height, width) or (N, height, width, 3). Received: 'in0': float32 (N, 128) in net.onnx.",
  ],
  [
    'grey pictures',
    withInputs(['N', 1, 8, 8]),
    {},
    "Expected pictures of 3 channels, first or last. Received: 'in0': float32 (N, 1, 8, 8) in net.onnx.",
  ],
  [
    'a layout that may be either',
    withInputs(['N', 'a', 'b', 'c']),
    {},
    "Expected pictures of 3 channels, first or last. Received: 'in0': float32 (N, a, b, c) in net.onnx. Hint: say which with `inputLayout` nchw or nhwc.",
  ],
  [
    'a batch of eight',
    withInputs([8, 3, 8, 8]),
    {},
    "Expected a model of pictures one by one, or of any number. Received: 'in0': float32 (8, 3, 8, 8) in net.onnx. Hint: export it with a dynamic batch.",
  ],
  [
    'an output that is not there',
    onnxFile(),
    { inputScaling: 'tf', outputName: 'pool5' },
    "Expected `outputName` as net.onnx has it: 'map', or any value inside, which Netron shows. Received: 'pool5'.",
  ],
  [
    'an output of another shape',
    onnxFile({ output: 'pooled' }),
    { inputScaling: 'tf', outputName: 'shape' },
    /^Expected `outputName`/,
  ],
  [
    'a truncated file',
    onnxFile().subarray(0, 500),
    {},
    /^Expected an ONNX model\. Received: 500 bytes that are none, or not all of one \(it ends \d+ bytes early\)\.$/,
  ],
  ['an empty file', new Uint8Array(), {}, 'Expected an ONNX model. Received: an empty file.'],
  ['a web page', new TextEncoder().encode('<html>'), {}, 'Expected an ONNX model. Received: a web page.'],
  [
    "Git LFS's pointer",
    new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'),
    {},
    "Expected an ONNX model. Received: what Git LFS leaves in a file's place, which 'git lfs pull' replaces.",
  ],
  [
    'pictures of a size beyond reason',
    withInputs(['N', 3, 100_000, 100_000]),
    { inputScaling: 'tf' },
    'Expected pictures of at most 16777216 pixels. Received: 100000 × 100000 in net.onnx.',
  ],
  [
    'an operation of another domain',
    strange('pkg.torch', 'Odd'),
    { inputScaling: 'tf' },
    "Expected ONNX's own operations. Received: Odd of 'pkg.torch'. Hint: if it is a function of the model, inline it with onnx.inliner.inline_local_functions.",
  ],
  [
    'an operation that is none',
    strange('', 'Odd'),
    { inputScaling: 'tf' },
    /^Expected a model that runs on pictures\. Received: net\.onnx: .*Odd/,
  ],
  [
    'an operation that has lost its meaning',
    strange('', 'BatchNormalization', 8),
    { inputScaling: 'tf' },
    "Expected operations that operator set 18 has, too. Received: BatchNormalization of set 8 ('backbone/odd'), with spatial=0. Hint: export the model anew, with opset_version=18.",
  ],
  [
    'an operation by the name of what every object has',
    strange('', 'constructor', 8),
    { inputScaling: 'tf' },
    /^Expected a model that runs on pictures\. Received: net\.onnx: .*constructor/,
  ],
  [
    'an attribute that is of another kind than it has to be',
    strange('', 'Slice', 8, { starts: [0], ends: 'all' }),
    { inputScaling: 'tf' },
    "Expected whole numbers for 'ends' of Slice 'backbone/odd'. Received: something else.",
  ],
  [
    'an operator set that is too old',
    onnxFile({ opset: 6 }),
    { inputScaling: 'tf' },
    'Expected operator set 7 to 26. Received: 6. Hint: export the model anew, with opset_version=18.',
  ],
  [
    'an operator set that ONNX Runtime does not know yet',
    onnxFile({ opset: newestOpset + 1 }),
    { inputScaling: 'tf' },
    'Expected operator set 7 to 26. Received: 27. Hint: export the model anew, with opset_version=18.',
  ],
];
for (const [title, bytes, options, expected] of mistakes)
  test.serial(`refuses ${title}`, async (t) => {
    const error = await t.throwsAsync(open(bytes, options));
    if (typeof expected === 'string') t.is(error!.message, expected);
    else t.regex(error!.message, expected);
    t.true(['ValueError', 'OnnxFormatError', 'OpsetError'].includes(error!.name), error!.name);
  });

/** A file with weights, as protobuf's JSON has it; `change` may say of them what is not so. */
function withTensor(change: object): Uint8Array {
  const { ModelProto } = proto.onnx;
  const model = ModelProto.decode(onnxFile({ output: 'pooled' }));
  Object.assign(model.graph!.initializer!.find(({ name }) => name === 'w')!, change);
  return ModelProto.encode(model).finish();
}

/** The weights elsewhere, without those in the file. */
const external = (location: string, more: Record<string, string> = {}) =>
  withTensor({
    rawData: new Uint8Array(),
    dataLocation: proto.onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: Object.entries({ location, ...more }).map(([key, value]) => ({ key, value })),
  });

test.serial('a backbone whose weights are no numbers makes no features', async (t) => {
  const file = withTensor({ rawData: new Uint8Array(6 * 27 * 4).fill(0xff) });
  const write = async () => backboneModel(await open(file, { inputScaling: 'tf' }));
  await t.throwsAsync(write, {
    name: 'OnnxFormatError',
    message: /^Expected finite weights\. Received: NaN or infinity in 'backbone\/w'\./,
  });
});

test.serial('weights may lie in a file beside the model, and nowhere else', async (t) => {
  const whole = await open(onnxFile({ output: 'pooled' }), { inputScaling: 'tf' });
  const weights = decodeModel(onnxFile({ output: 'pooled' })).graph.initializers.get('w')!
    .data as Float32Array;
  const data = Buffer.concat([Buffer.alloc(64), Buffer.from(weights.buffer)]);
  await withFolder(async (folder) => {
    const path = join(folder, 'net.onnx');
    const at = { offset: '64', length: String(weights.byteLength) };
    const openIt = () => openOnnxBackbone(path, { engine, inputScaling: 'tf' }, quiet);
    await writeFile(path, external('weights/net.data', at));
    await t.throwsAsync(openIt(), {
      message: `Expected the weights of ${path} in ${join(folder, 'weights/net.data')}. Received: no such file. Hint: keep the two together, or write one file with onnx.save_model(…, save_as_external_data=False).`,
    });
    await mkdir(join(folder, 'weights'));
    await writeFile(join(folder, 'weights/net.data'), data);
    const [separate] = await featuresOf(await openIt());
    t.deepEqual(separate, (await featuresOf(whole))[0]);
    t_dims.length = 0;

    const first = (await openIt()).info.sha256;
    data[70]! ^= 1;
    await writeFile(join(folder, 'weights/net.data'), data);
    t.not((await openIt()).info.sha256, first);

    await writeFile(join(folder, 'weights/net.data'), data.subarray(0, 200));
    await t.throwsAsync(openIt(), {
      message: `Expected ${weights.byteLength} bytes of 'w' at 64 of 'weights/net.data'. Received: 200 bytes in all.`,
    });
    for (const location of ['../../etc/passwd', '/etc/passwd', 'weights/../../x', '..\\x', 'C:\\x', 'a\0b']) {
      await writeFile(path, external(location));
      await t.throwsAsync(openIt(), {
        message: `Expected weights beside ${path}. Received: '${location}'. Hint: do not trust this file.`,
      });
    }
    t.throws(() => decodeModel(external('net.data')), {
      message:
        "Expected the weights inside the file. Received: 'w' in 'net.data' (external data). Hint: write it as one file with onnx.save_model(…, save_as_external_data=False).",
    });
  });
});

/** A graph of nodes that read and make what they are told. */
function wired(...nodes: readonly (readonly [inputs: string[], outputs: string[]])[]): Uint8Array {
  const g = new GraphBuilder('wired');
  g.input('x', 'float32', ['N', 3, 8, 8]);
  for (const [inputs, outputs] of nodes)
    g.add({ op: 'Relu', name: outputs[0]!, inputs, outputs, attributes: {} });
  g.output('y', 'y', 'float32', ['N', 3, 8, 8]);
  return encodeModel({ graph: g.build(), opset: 18 });
}

/** Graphs inside one another. */
function nested(depth: number): Uint8Array {
  const inside = (left: number, outer: GraphBuilder): void => {
    const body = outer.subgraph(`level_${left}`);
    if (left > 1) inside(left - 1, body);
    outer.op('If', [], { then_branch: { graph: body.build() } });
  };
  const g = new GraphBuilder('nested');
  inside(depth, g);
  return encodeModel({ graph: g.build(), opset: 18 });
}

test('a damaged or hostile graph is refused when it is read', (t) => {
  const { FLOAT, BFLOAT16 } = proto.onnx.TensorProto.DataType;
  const cases: [bytes: Uint8Array, message: string][] = [
    [
      wired([['b'], ['a']], [['a'], ['b']], [['b'], ['y']]),
      "Expected every value to be made before it is read. Received: Relu 'a', which reads 'b'.",
    ],
    [
      wired([['x'], ['a']], [['x'], ['a']]),
      "Expected every value to be made once. Received: 'a', by Relu 'a', too.",
    ],
    [wired([['x'], ['a']]), "Expected an operation that makes 'y'. Received: none."],
    [nested(40), 'Expected at most 32 graphs inside one another. Received: more.'],
    [withTensor({ dims: [-6, -27] }), "Expected a shape of 'w'. Received: (-6, -27)."],
    [
      withTensor({ dims: [2 ** 40, 2 ** 40] }),
      `Expected ${2 ** 80} elements of float32 in 'w'. Received: 648 bytes.`,
    ],
    [
      withTensor({ dataType: BFLOAT16 }),
      "Expected 'w' to be of float32, uint8, int8, int32, int64, bool, float16, float64, uint32. Received: bfloat16. Hint: export the model in float32.",
    ],
    [
      withTensor({ dataType: FLOAT, rawData: new Uint8Array(3) }),
      "Expected 162 elements of float32 in 'w'. Received: 3 bytes.",
    ],
  ];
  for (const [bytes, message] of cases)
    t.throws(() => decodeModel(bytes), { name: 'OnnxFormatError', message });
  t.notThrows(() => decodeModel(wired([['x'], ['a']], [['a'], ['y']])));
});

test.serial('several outputs: the one that says what it is, else one that is named', async (t) => {
  const g = new GraphBuilder('two');
  const x = g.input('x', 'float32', ['N', 3, 8, 8]);
  for (const name of ['embedding', 'boxes'])
    g.output(name, g.op('GlobalAveragePool', [x]), 'float32', ['N', 3, 1, 1]);
  const bytes = encodeModel({ graph: g.build(), opset: 18 });
  t.is((await open(bytes, { inputScaling: 'tf' })).info.output, 'embedding');
  t.is((await open(bytes, { inputScaling: 'tf', outputName: 'boxes' })).info.output, 'boxes');
  await t.throwsAsync(open(withInputs(['N', 3, 8, 8], ['N', 3, 8, 8]).slice(), {}), { name: 'ValueError' });
  const other = new GraphBuilder('other');
  const y = other.input('x', 'float32', ['N', 3, 8, 8]);
  for (const name of ['scores', 'boxes'])
    other.output(name, other.op('GlobalAveragePool', [y]), 'float32', ['N', 3, 1, 1]);
  await t.throwsAsync(open(encodeModel({ graph: other.build(), opset: 18 }), { inputScaling: 'tf' }), {
    message:
      "Expected one output. Received: 'scores' (N, 3, 1, 1), 'boxes' (N, 3, 1, 1) in net.onnx. Hint: choose one with `outputName`.",
  });
});
