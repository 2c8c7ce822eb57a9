/** Six batches with each constraint: the weights are Keras's 3.15. */
import test from 'ava';
import * as constraints from '../../src/keras/constraints.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { decodeKerasModel, encodeKerasModel } from '../../src/keras/saving/index.js';
import { assertClose } from '../compare.js';

const row = (length: number, value: (i: number) => number) => Array.from({ length }, (_, i) => value(i));
const x = row(4, (i) => i).map((i) => row(3, (k) => Math.sin(3 * i + k + 1)));
const y = row(4, (i) => i).map((i) => row(2, (k) => Math.cos(2 * i + k)));

const cases: readonly (readonly [constraints.Constraint, readonly number[]])[] = [
  [
    new constraints.MaxNorm({ maxValue: 0.8 }),
    [
      0.4682595431804657, -0.04722395911812782, -0.5494697093963623, 0.4330335557460785, 0.3446967601776123,
      -0.6241375207901001, 0.3652735948562622, 0.07871858775615692,
    ],
  ],
  [
    new constraints.NonNeg(),
    [
      0.7061231136322021, 0, 0, 0.32135459780693054, 0.6370986104011536, 0, 0.36983364820480347,
      0.09306369721889496,
    ],
  ],
  [
    new constraints.UnitNorm({ axis: 1 }),
    [
      0.9989045262336731, -0.046792276203632355, -0.9225648045539856, 0.38584184646606445, 0.7822191119194031,
      -0.6230032444000244, 0.36382830142974854, 0.07905111461877823,
    ],
  ],
  [
    new constraints.MinMaxNorm({ minValue: 0.3, maxValue: 0.6, rate: 0.7, axis: [0, 1] }),
    [
      0.3090285658836365, 0.02598366141319275, -0.3829055726528168, 0.16976013779640198, 0.21544380486011505,
      -0.209353506565094, 0.3658001720905304, 0.08614315092563629,
    ],
  ],
];

for (const [constraint, expected] of cases)
  for (const engine of ['ort', 'js'] as const)
    test(`${constraint.className} (${engine})`, async (t) => {
      const layer = new Dense({ units: 2, kernelConstraint: constraint, biasConstraint: 'non_neg' });
      const model = new Sequential([Input({ shape: [3] }), layer]);
      model.setWeights([Float32Array.from(row(6, (i) => Math.cos(1.7 * i))), Float32Array.of(0.5, -0.5)]);
      model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'mse', engine });
      await model.fit(x, y, { batchSize: 2, epochs: 3, shuffle: false, verbose: 0 });
      const { kernel, bias } = layer;
      assertClose(t, [...kernel!.value, ...bias!.value], expected, {
        label: 'weights',
        relative: 1e-6,
        absolute: 1e-6,
      });

      const read = await decodeKerasModel(await encodeKerasModel(model, 'keras'));
      const [, ...layers] = read.layers.length === 1 ? [null, ...read.layers] : read.layers;
      t.deepEqual(layers[0]?.getConfig(), layer.getConfig());
      await model.release();
    });

test("constraints go by Keras's names, and others are refused", (t) => {
  for (const [name, type] of [
    ['max_norm', constraints.MaxNorm],
    ['NonNeg', constraints.NonNeg],
    ['unit_norm', constraints.UnitNorm],
    ['MinMaxNorm', constraints.MinMaxNorm],
  ] as const)
    t.is(constraints.getConstraint(name)?.constructor, type);
  t.throws(() => new Dense({ units: 1, kernelConstraint: 'max' as never }), {
    name: 'ValueError',
    message:
      'Could not interpret constraint identifier: max. Hint: one of MaxNorm, NonNeg, UnitNorm, MinMaxNorm.',
  });
  t.throws(() => new constraints.MaxNorm({ max_value: 1 } as never), {
    name: 'TypeError',
    message:
      "MaxNorm() got an unexpected keyword argument 'max_value'. Hint: write 'maxValue' for 'max_value'.",
  });
});
