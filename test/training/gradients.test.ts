import test, { type ExecutionContext } from 'ava';
import type { Context, Parameter } from '../../src/graph/differentiable.js';
import type { Value } from '../../src/graph/graph.js';
import { float32, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { type ActivationName, elu, getActivation, leakyRelu } from '../../src/keras/activations.js';
import { Dense } from '../../src/keras/layers/dense.js';
import type { Layer } from '../../src/keras/layers/layer.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  type Loss,
  MeanSquaredError,
  SparseCategoricalCrossentropy,
} from '../../src/keras/losses/index.js';
import { RandomState } from '../../src/keras/random.js';
import { L1L2 } from '../../src/keras/regularizers.js';
import { compareWithDifferences, type Differentiable } from './finite-difference.js';

const random = new RandomState(7);

/** Values that keep away from 0, where ReLU and its kin have a kink that a difference would step over. */
function awayFromZero(dims: readonly number[]): Tensor<'float32'> {
  const values = random.normal(0, 1, sizeOf(dims));
  return float32(
    Float32Array.from(values, (x) => x + Math.sign(x) * 0.1),
    dims,
  );
}

function softmaxRows(logits: Tensor<'float32'>): Tensor<'float32'> {
  const [rows, columns] = logits.dims as [number, number];
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = Array.from(logits.data.subarray(i * columns, (i + 1) * columns), Math.exp);
    const sum = row.reduce((a, b) => a + b);
    for (const [k, value] of row.entries()) data[i * columns + k] = value / sum;
  }
  return float32(data, logits.dims);
}

/** float32 carries 7 digits, of which the central difference loses about 3. */
async function assertGradients(t: ExecutionContext, subject: Differentiable, options?: { epsilon?: number }) {
  for (const { label, gradient, difference, scale } of await compareWithDifferences(subject, options)) {
    const error = Math.abs(gradient - difference);
    t.true(error <= 2e-3 * scale, `${label}: backward gives ${gradient}, differences give ${difference}`);
    t.true(scale > 0, `${label}: the gradient is zero`);
  }
}

const names: ActivationName[] = [
  'linear',
  'relu',
  'relu6',
  'leaky_relu',
  'elu',
  'gelu',
  'sigmoid',
  'tanh',
  'softmax',
];
const activations = [
  ...names.map((name) => [name, getActivation(name)] as const),
  ['leaky_relu of slope 0.3', leakyRelu(0.3)] as const,
  ['elu of alpha 0.7', elu(0.7)] as const,
];
for (const [name, activation] of activations)
  test(`the gradient of ${name} is its finite difference`, (t) =>
    assertGradients(t, {
      inputs: { x: awayFromZero([5, 7]) },
      write(g, { x }) {
        const y = activation.forward(g, x!);
        return { y, gradients: (dy) => ({ x: activation.backward(g, dy, { x: x!, y }) }) };
      },
    }));

/** A layer as a function of its input and its weights. */
function layerAsFunction(layer: Layer, x: Tensor<'float32'>): Differentiable {
  layer.ensureBuilt([[null, ...x.dims.slice(1)]]);
  const weights = layer.weights as readonly Parameter[];
  for (const weight of weights) weight.value = awayFromZero([weight.value.length]).data;
  return {
    inputs: {
      x,
      ...Object.fromEntries(weights.map(({ name, shape, value }) => [name, float32(value, shape)])),
    },
    write(g, values) {
      const context: Context = {
        g,
        training: true,
        weight: ({ name }) => values[name]!,
        isTrained: () => true,
        noise: () => {
          throw new Error('No noise expected.');
        },
      };
      const { output, backward } = layer.forward(context, [values.x!], [[null, ...x.dims.slice(1)]]);
      return {
        y: output,
        gradients(dy) {
          const gradients = backward!(dy, true);
          return {
            x: gradients.inputs[0]!,
            ...Object.fromEntries(
              Array.from(gradients.weights ?? [], ([{ name }, value]): [string, Value] => [name, value]),
            ),
          };
        },
      };
    },
  };
}

for (const activation of ['linear', 'tanh', 'softmax'] as const)
  test(`Dense's gradients with ${activation} are its finite differences`, (t) =>
    assertGradients(t, layerAsFunction(new Dense({ units: 4, activation }), awayFromZero([6, 5]))));

test("Dense's gradients without a bias are its finite differences", (t) =>
  assertGradients(t, layerAsFunction(new Dense({ units: 3, useBias: false }), awayFromZero([4, 5]))));

const oneHot = float32([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1], [3, 4]);
const indices = float32([2, 0, 3], [3, 1]);
const bits = float32([1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1], [3, 4]);
const losses: [
  title: string,
  loss: Loss,
  target: Tensor<'float32'>,
  from: 'softmax' | 'sigmoid' | 'logits' | 'any',
][] = [
  ['categorical cross-entropy', new CategoricalCrossentropy(), oneHot, 'any'],
  ['categorical cross-entropy fused with softmax', new CategoricalCrossentropy(), oneHot, 'softmax'],
  [
    'categorical cross-entropy from logits',
    new CategoricalCrossentropy({ fromLogits: true }),
    oneHot,
    'logits',
  ],
  [
    'smoothed categorical cross-entropy',
    new CategoricalCrossentropy({ labelSmoothing: 0.2 }),
    oneHot,
    'softmax',
  ],
  ['sparse categorical cross-entropy', new SparseCategoricalCrossentropy(), indices, 'any'],
  [
    'sparse categorical cross-entropy fused with softmax',
    new SparseCategoricalCrossentropy(),
    indices,
    'softmax',
  ],
  ['binary cross-entropy', new BinaryCrossentropy(), bits, 'any'],
  ['binary cross-entropy fused with sigmoid', new BinaryCrossentropy(), bits, 'sigmoid'],
  ['binary cross-entropy from logits', new BinaryCrossentropy({ fromLogits: true }), bits, 'logits'],
  ['smoothed binary cross-entropy', new BinaryCrossentropy({ labelSmoothing: 0.1 }), bits, 'sigmoid'],
  ['mean squared error', new MeanSquaredError(), bits, 'any'],
];
for (const [title, loss, target, from] of losses)
  test(`the gradient of ${title} is its finite difference`, (t) =>
    assertGradients(
      t,
      {
        inputs: { x: from === 'any' ? softmaxRows(awayFromZero([3, 4])) : awayFromZero([3, 4]) },
        write(g, { x }) {
          const y = g.initializer('target', target);
          const fused = from === 'softmax' || from === 'sigmoid' ? from : undefined;
          const output = fused ? getActivation(fused).forward(g, x!) : x!;
          const logits = fused && {
            activation: fused,
            value: x!,
            backward: (dLogits: Value) => ({ inputs: [dLogits] }),
          };
          const written = loss.forward(g, y, { output, logits });
          return {
            y: written.losses,
            gradients(dy) {
              const result = written.backward(g.op('Unsqueeze', [dy, g.ints(1)]));
              return { x: 'dLogits' in result ? result.dLogits : result.dOutput };
            },
          };
        },
      },
      { epsilon: from === 'any' ? 1e-3 : 5e-3 },
    ));

test("the gradient of L1 and L2 penalties is the penalties' finite difference", (t) =>
  assertGradients(t, {
    inputs: { w: awayFromZero([4, 3]) },
    write(g, { w }) {
      const regularizer = L1L2({ l1: 0.3, l2: 0.2 });
      return {
        y: g.op('Unsqueeze', [regularizer.penalty(g, w!), g.ints(0)]),
        gradients: (dy) => ({
          w: g.op('Mul', [regularizer.addGradient(g, w!, g.op('Sub', [w!, w!])), dy]),
        }),
      };
    },
  }));
