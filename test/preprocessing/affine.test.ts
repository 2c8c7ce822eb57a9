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

test('far beyond the edge, nearest reads the outermost spline coefficient, as SciPy does', (t) => {
  const image = { width: 7, height: 1, channels: 1, data: Float32Array.of(10, 200, 30, 40, 250, 60, 70) };
  const at = (column: number) =>
    affine(image, [1, 0, 0, 1], [0, column], { fillMode: 'nearest', order: 5 }).data[0]!;
  // ndimage.affine_transform(x, np.eye(2), [0, column], order=5, mode='nearest')[0, 0]
  const expected = [9.994795996143159, 9.995002120197706, 10, 69.99999999999999, 70.0026124307616];
  assertClose(t, [-16, -13, -11, 17, 22].map(at), expected, { label: 'levels', relative: 1e-7 });
});
