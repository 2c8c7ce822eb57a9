import { readFileSync } from 'node:fs';
import test from 'ava';
import { type AffineOptions, affine, type Matrix } from '../../src/images/affine.js';
import { assertClose } from '../compare.js';

interface Golden {
  height: number;
  width: number;
  picture: number[];
  matrix: Matrix;
  offset: [number, number];
  cval: number;
  moved: (Required<Pick<AffineOptions, 'fillMode' | 'order'>> & {
    type: 'float32' | 'uint8';
    values: number[];
  })[];
}

const { height, width, picture, matrix, offset, cval, moved } = JSON.parse(
  readFileSync(new URL('../../../test/golden/affine.json', import.meta.url), 'utf8'),
) as Golden;

for (const { fillMode, order, type, values } of moved)
  test(`${type} pixels at order ${order}, ${fillMode} beyond the edge, are SciPy’s`, (t) => {
    const data = type === 'uint8' ? Uint8Array.from(picture) : Float32Array.from(picture);
    const out = affine({ width, height, channels: 1, data }, matrix, offset, { fillMode, cval, order });
    t.is(out.data.constructor, data.constructor);
    // Splines overshoot: near zero the last digit is worth less than the picture's.
    assertClose(t, out.data, values, { label: 'pixels', relative: 2e-7, absolute: 1e-5 });
  });

test('channels move alike and do not mix', (t) => {
  const interleaved = Float32Array.from(picture.flatMap((value) => [value, 255 - value, 2 * value]));
  for (const order of [0, 1, 3] as const) {
    const options = { fillMode: 'reflect', order } as const;
    const plane = (values: number[]) =>
      affine({ width, height, channels: 1, data: Float32Array.from(values) }, matrix, offset, options).data;
    const planes = [
      plane(picture),
      plane(picture.map((value) => 255 - value)),
      plane(picture.map((value) => 2 * value)),
    ];
    const out = affine({ width, height, channels: 3, data: interleaved }, matrix, offset, options);
    t.deepEqual(
      out.data,
      Float32Array.from({ length: interleaved.length }, (_, i) => planes[i % 3]![Math.floor(i / 3)]!),
    );
  }
});

test('the identity leaves a picture as it is', (t) => {
  const data = Uint8Array.from(picture);
  for (const order of [0, 1, 2, 3, 4, 5] as const)
    t.deepEqual(affine({ width, height, channels: 1, data }, [1, 0, 0, 1], [0, 0], { order }).data, data);
});
