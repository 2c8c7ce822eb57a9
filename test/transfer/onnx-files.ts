import { GraphBuilder } from '../../src/graph/builder.js';
import type { Dim, Value } from '../../src/graph/graph.js';
import { numberToHalf } from '../../src/graph/half.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, int64, type Tensor } from '../../src/graph/tensor.js';
import { seededNumbers } from '../export/seeded-classifier.js';

export interface FileOptions {
  readonly layout?: 'nchw' | 'nhwc';
  readonly type?: 'float32' | 'uint8';
  /** Declared; a graph for one has the shape of one inside, too. */
  readonly batch?: 'N' | 1;
  readonly size?: number | string;
  /** A map of 6 channels, the same with channels last, its mean, or probabilities of 4 classes from that. */
  readonly output?: 'map' | 'last' | 'pooled' | 'classes';
  readonly opset?: number;
  /** Whether weights are nodes, as some exporters have them. */
  readonly constants?: boolean;
  /** Whether everything between the first operation and the last is in half precision. */
  readonly half?: boolean;
  readonly metadata?: Record<string, string>;
}

/** Somebody's network, as an exporter writes it: nodes without names, values by number. */
export function onnxFile(options: FileOptions = {}): Uint8Array {
  const {
    layout = 'nchw',
    type = 'float32',
    batch = 'N',
    size = 32,
    output = 'map',
    opset = 17,
    constants = false,
    half = false,
    metadata,
  } = options;
  const g = new GraphBuilder('main_graph');
  let number = 0;
  const add = (op: string, inputs: Value[], attributes: Parameters<GraphBuilder['op']>[2] = {}) => {
    const value = `${++number}`;
    g.add({ op, name: '', inputs, outputs: [value], attributes });
    return value;
  };
  const weight = (name: string, whole: Tensor) => {
    const tensor =
      half && whole.type === 'float32'
        ? {
            ...whole,
            type: 'float16' as const,
            data: Uint16Array.from(whole.data as Float32Array, numberToHalf),
          }
        : whole;
    if (!constants) return g.initializer(name, tensor);
    g.add({ op: 'Constant', name: '', inputs: [], outputs: [name], attributes: { value: { tensor } } });
    return name;
  };
  const dims: Dim[] = layout === 'nchw' ? [batch, 3, size, size] : [batch, size, size, 3];
  let x = g.input('images', type, dims);
  if (type === 'uint8') x = add('Div', [add('Cast', [x], { to: 1 }), g.scalar(128)]);
  if (half) x = add('Cast', [x], { to: 10 });
  if (layout === 'nhwc') x = add('Transpose', [x], { perm: [0, 3, 1, 2] });
  const kernel = weight('w', float32(seededNumbers(6 * 3 * 9, 7, 0.3), [6, 3, 3, 3]));
  x = add('Conv', [x, kernel], { strides: [4, 4], kernel_shape: [3, 3] });
  const statistics = [1, 2, 3, 4].map((seed) =>
    weight(`bn${seed}`, float32(seededNumbers(6, seed, 0.2).map((value) => value + 0.7))),
  );
  x = add('Relu', [add('BatchNormalization', [x, ...statistics])]);
  if (output === 'last') x = add('Transpose', [x], { perm: [0, 2, 3, 1] });
  if (output === 'pooled' || output === 'classes')
    x = add('Reshape', [add('GlobalAveragePool', [x]), weight('shape', int64([batch === 1 ? 1 : -1, 6]))]);
  if (output === 'classes') {
    const scores = add('MatMul', [x, weight('dense', float32(seededNumbers(24, 9), [6, 4]))]);
    x = add('Softmax', [add('Add', [scores, weight('bias', float32([1, 2, 3, 4]))])], { axis: 1 });
  }
  if (half) x = add('Cast', [x], { to: 1 });
  const shapes: Record<string, Dim[]> = {
    map: [batch, 6, 'h', 'w'],
    last: [batch, 'h', 'w', 6],
    pooled: [batch, 6],
    classes: [batch, 4],
  };
  g.output(output, x, 'float32', shapes[output]!);
  return encodeModel({ graph: g.build(), opset, metadata });
}
