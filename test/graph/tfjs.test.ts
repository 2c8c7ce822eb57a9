import test from 'ava';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { importTfGraph, type TfNode } from '../../src/graph/import-tf-graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, sizeOf, type Tensor, tensor } from '../../src/graph/tensor.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

const text = (value: string) => ({ s: btoa(value) });
const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
const input: TfNode = {
  name: 'input',
  op: 'Placeholder',
  attr: {
    dtype: { type: 'DT_FLOAT' },
    shape: { shape: { dim: [1, 21, 18, 3].map((size) => ({ size: String(size) })) } },
  } as TfNode['attr'],
};
const windows = (stride: number, padding: string) => ({
  strides: ints(1, stride, stride, 1),
  padding: text(padding),
  data_format: text('NHWC'),
  dilations: ints(1, 1, 1, 1),
});

const random = new RandomState(3);
const noise = (...dims: number[]) => float32(Float32Array.from(random.uniform(-1, 1, sizeOf(dims))), dims);
const int32 = (values: number[], dims: number[]) => tensor('int32', Int32Array.from(values), dims);

/** A node that convolves `from` with the weights `<name>/kernel` and `<name>/bias`, and fuses `fused`. */
const conv = (name: string, from: string, fused: string[], attr: object): TfNode => ({
  name,
  op: '_FusedConv2D',
  input: [from, `${name}/kernel`, `${name}/bias`],
  attr: {
    ...attr,
    fused_ops: { list: { s: fused.map((op) => btoa(op)) } },
    num_args: { i: '1' },
  } as TfNode['attr'],
});

function importOf(nodes: readonly TfNode[], weights: Record<string, Tensor>, output: string): Uint8Array {
  const g = new GraphBuilder('imported');
  const x = g.input('x', 'float32', ['N', 3, 'H', 'W']);
  const model = { modelTopology: { node: nodes }, weights: new Map(Object.entries(weights)) };
  const [y] = importTfGraph(g, model, { inputs: { input: x }, outputs: [output] });
  g.output('y', y!, 'float32', []);
  return encodeModel({ graph: g.build(), opset: 18 });
}

test('every operation gives what TensorFlow.js gives', async (t) => {
  // Sizes and strides at which SAME pads unevenly, a channel multiplier of 2, and padding that differs by side.
  const weights: Record<string, Tensor> = {
    'conv/kernel': noise(5, 3, 3, 4),
    'conv/bias': noise(4),
    'depthwise/kernel': noise(3, 3, 4, 2),
    'point/kernel': noise(1, 1, 8, 6),
    'point/bias': noise(6),
    'pad/paddings': int32([0, 0, 1, 2, 3, 0, 0, 1], [4, 2]),
    'reshape/shape': int32([1, -1, 7], [3]),
  };
  const nodes: TfNode[] = [
    input,
    ...Object.entries(weights).map(([name, { type, dims }]) => ({
      name,
      op: 'Const',
      attr: {
        dtype: { type: type === 'int32' ? 'DT_INT32' : 'DT_FLOAT' },
        value: { tensor: { tensorShape: { dim: dims.map((size) => ({ size: String(size) })) } } },
      } as TfNode['attr'],
    })),
    conv('conv', 'input', ['BiasAdd', 'Relu'], windows(2, 'SAME')),
    {
      name: 'depthwise',
      op: 'DepthwiseConv2dNative',
      input: ['conv', 'depthwise/kernel'],
      attr: windows(2, 'SAME'),
    },
    conv('point', 'depthwise', ['BiasAdd'], windows(1, 'VALID')),
    { name: 'relu', op: 'Relu', input: ['point'] },
    { name: 'add', op: 'AddV2', input: ['relu', 'point'] },
    { name: 'pool', op: 'MaxPool', input: ['add'], attr: { ...windows(2, 'SAME'), ksize: ints(1, 2, 2, 1) } },
    { name: 'pad', op: 'Pad', input: ['pool', 'pad/paddings'] },
    { name: 'reshape', op: 'Reshape', input: ['pad', 'reshape/shape'] },
    { name: 'output', op: 'Identity', input: ['reshape:0'] },
  ];
  const x = noise(1, 21, 18, 3);

  const specs = Object.entries(weights).map(([name, { type, dims }]) => ({
    name,
    dtype: type as 'float32' | 'int32',
    shape: [...dims],
  }));
  const bytes = Object.values(weights).flatMap(({ data }) => [...new Uint8Array(data.buffer)]);
  await tf.setBackend('cpu');
  const reference = await loadGraphModel({
    load: async () => ({
      modelTopology: { node: nodes, versions: { producer: 1 } },
      weightSpecs: specs,
      weightData: Uint8Array.from(bytes).buffer,
    }),
  });
  const expected = reference.execute(tf.tensor4d(x.data, [1, 21, 18, 3]), 'output') as tf.Tensor;

  const session = await (await ortNode({ provider: 'cpu', threads: 1 })).load(
    importOf(nodes, weights, 'output'),
  );
  const channelsFirst = tf.transpose(tf.tensor4d(x.data, [1, 21, 18, 3]), [0, 3, 1, 2]);
  const { y } = await session.run({ x: float32(channelsFirst.dataSync() as Float32Array, [1, 3, 21, 18]) });
  t.true(sizeOf(y!.dims) > 100);
  assertClose(t, y!, float32(expected.dataSync() as Float32Array, expected.shape), {
    label: 'output',
    relative: 1e-5,
    absolute: 1e-5,
  });
});

test('what the outputs do not need is not written, known or not', (t) => {
  const nodes = [
    input,
    { name: 'y', op: 'Relu', input: ['input'] },
    { name: 'z', op: 'Mystery', input: ['y'] },
  ];
  t.notThrows(() => importOf(nodes, {}, 'y'));
});

test('an unknown operation is named', (t) => {
  const nodes = [input, { name: 'block/y', op: 'Mystery', input: ['input'] }];
  t.throws(() => importOf(nodes, {}, 'block/y'), {
    name: 'TfGraphError',
    message:
      'Expected one of the operations _FusedConv2D, DepthwiseConv2dNative, AddV2, Relu, MaxPool, Pad, Reshape, ' +
      "Identity. Received: Mystery ('block/y').",
  });
});

test('what a graph lacks or does otherwise is named', (t) => {
  const weights = { 'c/kernel': noise(1, 1, 3, 1), 'c/bias': noise(1) };
  const throws = (
    nodes: TfNode[],
    output: string,
    message: string,
    given: Record<string, Tensor> = weights,
  ) => t.throws(() => importOf([input, ...nodes], given, output), { name: 'TfGraphError', message });
  throws([], 'y', "Expected the graph to have the node 'y'.");
  throws([{ name: 'y', op: 'Relu' }], 'y', "Expected 'y' (Relu) to have input 0.");
  throws(
    [conv('c', 'input', ['BiasAdd'], windows(1, 'SAME'))],
    'c',
    "Expected input 1 of 'c' (_FusedConv2D) to be a weight. Received: 'c/kernel'.",
    {},
  );
  throws(
    [conv('c', 'input', ['BiasAdd', 'Elu'], windows(1, 'SAME'))],
    'c',
    "Expected 'c' to fuse BiasAdd, or BiasAdd and Relu. Received: BiasAdd, Elu.",
  );
  throws(
    [conv('c', 'input', ['BiasAdd'], windows(1, 'EXPLICIT'))],
    'c',
    "Expected 'c' to be padded SAME or VALID. Received: 'EXPLICIT'.",
  );
  throws(
    [conv('c', 'input', ['BiasAdd'], { padding: text('SAME') })],
    'c',
    "Expected 'c' to have strides of 4 numbers.",
  );
});
