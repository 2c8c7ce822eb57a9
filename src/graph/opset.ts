/**
 * Operations of older operator sets in the words of operator set 18, in which models are exported.
 *
 * From one set to the next most operations only take more types. Those below changed their meaning or their form;
 * test/parity/onnx_files.py checks against `onnx.defs` that none is missing. History:
 * https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 */

import { UserError } from '../errors.js';
import { floatOf, floatsOf, intOf, intsOf, textOf } from './attributes.js';
import type { GraphBuilder } from './builder.js';
import { type Attribute, firstInput, type Node, type Value } from './graph.js';
import { float32 } from './tensor.js';
import { modernOpset } from './versions.js';

/** An operation that cannot be said in operator set 18. */
class OpsetError extends UserError {
  override name = 'OpsetError';
  constructor({ op, name }: Node, opset: number, why: string) {
    super(
      `Expected operations that operator set ${modernOpset} has, too. Received: ${op} of set ${opset}${name && ` ('${name}')`}, ${why}. Hint: export the model anew, with opset_version=${modernOpset}.`,
    );
  }
}

/** Says a node anew; its outputs stay. Further nodes and constants go into `g`. */
type Rewrite = (g: GraphBuilder, node: Node, opset: number) => Node;

/**
 * A node of an older operator set as set 18 has it.
 *
 * @param opset the set that the node is of
 * @throws OpsetError when set 18 cannot say it
 */
export function modernise(g: GraphBuilder, node: Node, opset: number): Node {
  if (node.domain) return node;
  const changes = rewritesOf(node.op);
  return changes.reduce((now, [before, rewrite]) => (opset < before ? rewrite(g, now, opset) : now), node);
}

/** Without the attributes `names`. */
function without(node: Node, ...names: string[]): Record<string, Attribute> {
  return Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)));
}

/** An attribute with whole numbers, or one, as a constant, or no input where it is left out. */
function constantOf(g: GraphBuilder, node: Node, name: string): Value {
  const isOne = typeof node.attributes[name] === 'number';
  const values = isOne ? [intOf(node, name, 0)] : intsOf(node, name, null);
  if (values === null) return '';
  // Exporters write 2⁶³ − 1 for "to the end"; beyond 2⁵³ a number is not exact.
  const clamp = (value: number) =>
    Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  return g.ints(...values.map(clamp));
}

/** Trailing inputs that are left out are not written. */
const trim = (inputs: readonly Value[]): Value[] =>
  inputs.slice(0, inputs.findLastIndex((input) => input !== '') + 1);

/** Attributes that became inputs, in their order after the first. */
const toInputs =
  (...names: string[]): Rewrite =>
  (g, node) => ({
    ...node,
    inputs: trim([firstInput(node), ...names.map((name) => constantOf(g, node, name))]),
    attributes: without(node, ...names),
  });

/** Before set 13, all axes from `axis` on were one. */
const flattened: Rewrite = (g, node) => {
  const x = firstInput(node);
  const rows = g.op('Flatten', [x], { axis: intOf(node, 'axis', 1) });
  const y = g.op(node.op, [rows], { axis: -1 });
  return { ...node, op: 'Reshape', inputs: [y, g.op('Shape', [x])], attributes: {} };
};

/** Nothing is dropped when a model predicts. */
const dropout: Rewrite = (_, node, opset) => {
  if (node.outputs.slice(1).some((mask) => mask !== ''))
    throw new OpsetError(node, opset, 'which tells its mask');
  return {
    ...node,
    op: 'Identity',
    inputs: [firstInput(node)],
    outputs: node.outputs.slice(0, 1),
    attributes: {},
  };
};

const clip: Rewrite = (g, node) => {
  const bound = (name: string) => (name in node.attributes ? g.scalar(floatOf(node, name, 0)) : '');
  return { ...node, inputs: trim([firstInput(node), bound('min'), bound('max')]), attributes: {} };
};

const pad: Rewrite = (g, node) => ({
  ...node,
  inputs: [firstInput(node), constantOf(g, node, 'pads'), g.scalar(floatOf(node, 'value', 0))],
  attributes: without(node, 'pads', 'value'),
});

/** Sets 7 and 8 could normalise each place by itself. Further outputs are for training. */
const batchNormalization: Rewrite = (_, node, opset) => {
  if (intOf(node, 'spatial', 1) !== 1) throw new OpsetError(node, opset, 'with spatial=0');
  if (node.outputs.length > 1) throw new OpsetError(node, opset, 'which trains');
  return { ...node, attributes: without(node, 'spatial') };
};

/** Where pixels are read was not said before set 11: at i / scale, rounded down. */
const asymmetric = { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' } as const;

const upsample: Rewrite = (g, node) => {
  const scales = floatsOf(node, 'scales', null);
  const mode = textOf(node, 'mode', 'nearest');
  const [x = '', given = ''] = node.inputs;
  const factors = scales ? g.initializer('scales', float32(scales)) : given;
  return {
    ...node,
    op: 'Resize',
    inputs: [x, '', factors],
    attributes: { ...asymmetric, mode: mode === 'bilinear' ? 'linear' : mode },
  };
};

const resize: Rewrite = (_, node) => {
  const [x = '', scales = ''] = node.inputs;
  return { ...node, inputs: [x, '', scales], attributes: { ...node.attributes, ...asymmetric } };
};

const resizeTf: Rewrite = (_, node, opset) => {
  if (textOf(node, 'coordinate_transformation_mode') === 'tf_half_pixel_for_nn')
    throw new OpsetError(node, opset, 'with tf_half_pixel_for_nn');
  // Sizes alone were said with empty factors; now these are left out.
  const [x = '', roi = '', , sizes = ''] = node.inputs;
  return { ...node, inputs: sizes === '' ? node.inputs : [x, roi, '', sizes] };
};

const split: Rewrite = (_, node) =>
  node.inputs[1] ? node : { ...node, attributes: { ...node.attributes, num_outputs: node.outputs.length } };

const refuse =
  (why: string): Rewrite =>
  (_, node, opset) => {
    throw new OpsetError(node, opset, why);
  };

type Rewrites = readonly (readonly [before: number, rewrite: Rewrite])[];

/** Rewrites of operations before a set, in the order of the sets. */
const rewrites: Readonly<Record<string, Rewrites>> = {
  BatchNormalization: [[14, batchNormalization]],
  Clip: [[11, clip]],
  Dropout: [[12, dropout]],
  Hardmax: [[13, flattened]],
  LogSoftmax: [[13, flattened]],
  Pad: [[11, pad]],
  ...Object.fromEntries(
    ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].map((name) => [
      `Reduce${name}`,
      [[18, toInputs('axes')]] as const,
    ]),
  ),
  ReduceSum: [[13, toInputs('axes')]],
  Resize: [
    [11, resize],
    [13, resizeTf],
  ],
  RoiAlign: [
    [
      16,
      (_, node) => ({
        ...node,
        attributes: { ...node.attributes, coordinate_transformation_mode: 'output_half_pixel' },
      }),
    ],
  ],
  Scan: [[9, refuse('which reads a batch of sequences')]],
  Scatter: [[11, (_, node) => ({ ...node, op: 'ScatterElements' })]],
  Slice: [[10, toInputs('starts', 'ends', 'axes')]],
  Softmax: [[13, flattened]],
  Split: [
    [13, toInputs('split')],
    [18, split],
  ],
  Squeeze: [[13, toInputs('axes')]],
  TopK: [[10, toInputs('k')]],
  Unsqueeze: [[13, toInputs('axes')]],
  Upsample: [[10, upsample]],
};

const rewritesOf = (op: string): Rewrites => (Object.hasOwn(rewrites, op) && rewrites[op]) || [];

/** Whether operations of this name are said anew. */
export const isRewritten = (op: string): boolean => rewritesOf(op).length > 0;
