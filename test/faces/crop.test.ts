import test from 'ava';
import {
  copyRectangle,
  cropCenter,
  cropFace,
  cropImage,
  type Face,
  faceSquare,
} from '../../src/images/faces.js';
import type { Image } from '../../src/images/image.js';

/** A picture whose levels tell where each pixel came from: red its column, green its row. */
function map(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 7], i * 3);
  return { width, height, channels: 3, data };
}

/** The columns and rows that the pixels of a piece of `map` came from. */
const origins = ({ width, height, data }: Image) =>
  Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) =>
      [...data.subarray((row * width + column) * 3)].slice(0, 2).join(),
    ),
  );

/** A face of 20 × 20 pixels, whose eyes lie on a line that falls by `slope` pixels over `distance` pixels. */
function faceAt(x: number, y: number, [distance, slope] = [8, 0]): Face {
  const point = (px: number, py: number) => ({ x: px, y: py });
  return {
    score: 0.9,
    box: { left: x - 10, top: y - 10, right: x + 10, bottom: y + 10 },
    keypoints: {
      rightEye: point(x - distance / 2, y - slope / 2),
      leftEye: point(x + distance / 2, y + slope / 2),
      nose: point(x, y),
      mouth: point(x, y),
      rightEar: point(x, y),
      leftEar: point(x, y),
    },
  };
}

test('an upright face is copied pixel for pixel, with its margin', (t) => {
  const image = map(100, 80);
  const face = cropFace(image, faceAt(50, 40), { margin: 0.25 });
  t.deepEqual(face, copyRectangle(image, { left: 35, top: 25, width: 30, height: 30 }));
  t.is(origins(face)[0]![0], '35,25');
  t.is(origins(face)[29]![29], '64,54');
});

test('a face whose right side is up is turned by a quarter exactly', (t) => {
  // The eyes lie one above the other: the piece's x axis runs down the picture, its y axis to the left.
  const face = cropFace(map(100, 80), faceAt(50, 40, [0, 8]), { margin: 0 });
  t.is(face.width, 20);
  t.deepEqual(
    origins(face),
    Array.from({ length: 20 }, (_, row) =>
      Array.from({ length: 20 }, (_, column) => `${59 - row},${30 + column}`),
    ),
  );
});

test('a tilted face is levelled with bilinear interpolation', (t) => {
  // A 3-4-5 triangle. On levels that are linear in the place, interpolation is exact but for rounding.
  const { data, width } = cropFace(map(100, 80), faceAt(50, 40, [8, 6]), { margin: 0 });
  for (let row = 0; row < width; row++)
    for (let column = 0; column < width; column++) {
      const [across, down] = [column - 9.5, row - 9.5];
      const [red, green] = data.subarray((row * width + column) * 3);
      t.is(red, Math.round(49.5 + across * 0.8 - down * 0.6));
      t.is(green, Math.round(39.5 + across * 0.6 + down * 0.8));
    }
});

test('the eyes stay tilted when they are not to be levelled', (t) => {
  const image = map(100, 80);
  t.deepEqual(
    cropFace(image, faceAt(50, 40, [8, 6]), { margin: 0, level: false }),
    cropFace(image, faceAt(50, 40), { margin: 0 }),
  );
});

test('a slight tilt stays, a face upside down does not', (t) => {
  const size = { width: 100, height: 80 };
  const direction = (...eyes: [number, number]) => faceSquare(faceAt(50, 40, eyes), size).direction;
  t.deepEqual(direction(20, 3.5), [1, 0]);
  t.deepEqual(direction(20, -3.5), [1, 0]);
  t.not(direction(20, 4)[1], 0);
  t.not(direction(20, -4)[1], 0);
  t.deepEqual(direction(-20, 0), [-1, 0]);
});

test('the square is moved inside the picture', (t) => {
  t.deepEqual(faceSquare(faceAt(5, 75), { width: 100, height: 80 }, { margin: 0 }), {
    x: 10,
    y: 70,
    side: 20,
    direction: [1, 0],
  });
});

test('the square is no larger than the picture', (t) => {
  t.deepEqual(faceSquare(faceAt(20, 40), { width: 30, height: 80 }), {
    x: 15,
    y: 40,
    side: 30,
    direction: [1, 0],
  });
});

test('coordinates that differ in the last digits give the same square', (t) => {
  const size = { width: 100, height: 80 };
  const [face, other] = [faceAt(50, 40, [8, 6]), faceAt(50.00003, 39.99996, [8.00002, 6.00001])];
  t.deepEqual(faceSquare(other, size), faceSquare(face, size));
});

test('corners beyond the edge repeat the edge', (t) => {
  const face = cropFace(map(20, 20), faceAt(10, 10, [8, 6]), { margin: 0 });
  // The upper left corner lies at (7.7, -3.8) in pixel centres, above the picture.
  t.is(origins(face)[0]![0], '8,0');
});

test('a rectangle over the edge repeats the edge', (t) => {
  t.deepEqual(origins(copyRectangle(map(3, 2), { left: -2, top: -1, width: 6, height: 4 })), [
    ['0,0', '0,0', '0,0', '1,0', '2,0', '2,0'],
    ['0,0', '0,0', '0,0', '1,0', '2,0', '2,0'],
    ['0,1', '0,1', '0,1', '1,1', '2,1', '2,1'],
    ['0,1', '0,1', '0,1', '1,1', '2,1', '2,1'],
  ]);
  t.deepEqual(origins(copyRectangle(map(3, 2), { left: 5, top: 0, width: 2, height: 1 })), [['2,0', '2,0']]);
  t.deepEqual(origins(copyRectangle(map(3, 2), { left: -5, top: 1, width: 2, height: 1 })), [['0,1', '0,1']]);
});

test('the centre crop is the largest square in the middle', (t) => {
  t.deepEqual(origins(cropCenter(map(5, 2))), [
    ['1,0', '2,0'],
    ['1,1', '2,1'],
  ]);
  t.deepEqual(origins(cropCenter(map(2, 5))), [
    ['0,1', '1,1'],
    ['0,2', '1,2'],
  ]);
});

test('crop none leaves the picture as it is', async (t) => {
  const image = map(5, 4);
  t.deepEqual(await cropImage(image, { crop: 'none' }), { image, faces: [] });
});

test('crop center needs no detector', async (t) => {
  const image = map(5, 4);
  t.deepEqual(await cropImage(image, { crop: 'center' }), { image: cropCenter(image), faces: [] });
});

test('crop face without a detector says so', async (t) => {
  await t.throwsAsync(cropImage(map(5, 4), { crop: 'face' }), {
    message: "Expected a face detector for crop 'face'. Received: none.",
  });
});
