import test from 'ava';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32 } from '../../src/graph/tensor.js';
import { Input } from '../../src/keras/layers/input.js';
import { AveragePooling2D, MaxPooling2D } from '../../src/keras/layers/pooling2d.js';
import { ZeroPadding2D } from '../../src/keras/layers/zero-padding2d.js';
import { Functional } from '../../src/keras/models/functional.js';

/** Levels below zero, so that a zero around them is the largest: (1, 2, 2, 1) */
const x = float32([-1, -2, -3, -4], [1, 2, 2, 1]);

const cases = [
  { Pooling: MaxPooling2D, padding: 'valid', strides: 1, expected: [0, 0, 0, 0] },
  { Pooling: MaxPooling2D, padding: 'same', strides: 1, expected: Array(16).fill(0) },
  { Pooling: AveragePooling2D, padding: 'valid', strides: 1, expected: Array(4).fill(-10 / 9) },
  // Zeros that ZeroPadding2D puts there count, those of 'same' do not.
  { Pooling: AveragePooling2D, padding: 'same', strides: 3, expected: [-1 / 4, -2 / 4, -3 / 4, -4 / 4] },
] as const;

for (const [engineName, open] of [
  ['ONNX Runtime', () => ortNode({ provider: 'cpu', threads: 1 })],
  ['plain TypeScript', () => jsEngine()],
] as const)
  for (const { Pooling, padding, strides, expected } of cases)
    test(`zeros around a picture are seen by ${Pooling.className} '${padding}' that follows, in ${engineName}`, async (t) => {
      const input = Input({ shape: [2, 2, 1] });
      const padded = new ZeroPadding2D({ padding: 1 }).apply(input);
      const output = new Pooling({ poolSize: 3, strides, padding }).apply(padded);
      const model = new Functional({ inputs: input, outputs: output });
      const g = new GraphBuilder('padded');
      const pictures = g.input('x', 'float32', [1, 2, 2, 1]);
      const y = model.forward(inferenceContext(g), [
        g.op('Transpose', [pictures], { perm: [0, 3, 1, 2] }),
      ]).output;
      g.output('y', y, 'float32', [1, 1, 'h', 'w']);
      const session = await (await open()).load(encodeModel({ graph: g.build(), opset: 13 }));
      const result = await session.run({ x });
      await session.release();
      const values = Array.from(result.y?.data as Float32Array, (value) => Number(value.toFixed(6)) + 0);
      t.deepEqual(
        values,
        expected.map((value) => Number(value.toFixed(6)) + 0),
      );
    });
