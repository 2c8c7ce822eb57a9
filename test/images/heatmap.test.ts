import test from 'ava';
import { cropCenter, cropFace, type Face } from '../../src/images/faces.js';
import { type Heatmap, heatAt, regionOf, renderHeat } from '../../src/images/heatmap.js';
import type { Image } from '../../src/images/image.js';

const [width, height] = [200, 150];

/** A picture whose red tells x and whose green tells y. */
const map: Image = {
  width,
  height,
  channels: 3,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % width, Math.floor(pixel / width), 0][i % 3]!;
  }),
};

const face = (angle: number): Face => {
  const at = (across: number, down: number) => ({
    x: 90 + across * Math.cos(angle) - down * Math.sin(angle),
    y: 70 + across * Math.sin(angle) + down * Math.cos(angle),
  });
  return {
    score: 1,
    box: { left: 70, top: 50, right: 110, bottom: 90 },
    keypoints: {
      rightEye: at(-10, -5),
      leftEye: at(10, -5),
      nose: at(0, 0),
      mouth: at(0, 8),
      rightEar: at(-18, 0),
      leftEar: at(18, 0),
    },
  };
};

/** Rises from 0 at the left to 1 at the right, and in the other direction not at all; or from the top to the bottom. */
const ramp = (region: Heatmap['region'], axis: 'across' | 'down'): Heatmap => {
  const cells = 20;
  const data = Float32Array.from(
    { length: cells * cells },
    (_, i) => ((axis === 'across' ? i % cells : Math.floor(i / cells)) + 0.5) / cells,
  );
  return { width: cells, height: cells, data, region };
};

for (const [name, crop, found, part] of [
  ['an upright face', 'face', face(0), cropFace(map, face(0))],
  ['a tilted face', 'face', face(0.5), cropFace(map, face(0.5))],
  ['a face the other way round', 'face', face(2.5), cropFace(map, face(2.5))],
  ['the middle', 'center', null, cropCenter(map)],
  ['no face', 'face', null, map],
  ['the whole picture', 'none', null, map],
] as const)
  test(`heat lies where the model saw it: ${name}`, (t) => {
    const region = regionOf(map, crop, found);
    const [across, down] = [ramp(region, 'across'), ramp(region, 'down')];
    let worst = 0;
    const border = 0.05;
    for (let row = 0; row < part.height; row++)
      for (let column = 0; column < part.width; column++) {
        const [u, v] = [(column + 0.5) / part.width, (row + 0.5) / part.height];
        // Beyond the middles of the outermost cells the ramp is level.
        if (Math.min(u, v) < border || Math.max(u, v) > 1 - border) continue;
        const at = 3 * (row * part.width + column);
        const [x, y] = [part.data[at]! + 0.5, part.data[at + 1]! + 0.5];
        worst = Math.max(worst, Math.abs(heatAt(across, x, y) - u), Math.abs(heatAt(down, x, y) - v));
      }
    // The picture tells whole pixels: half a pixel of each coordinate, as far as the region's pixels are wide.
    t.true(worst < 0.75 / part.width + 0.75 / part.height, `${worst}`);
    t.true(part.width >= 72, 'the region is large enough to tell');
  });

test('outside of what the model saw there is no heat', (t) => {
  const heatmap: Heatmap = {
    width: 1,
    height: 1,
    data: Float32Array.of(1),
    region: regionOf(map, 'center', null),
  };
  t.is(heatAt(heatmap, 24.9, 75), 0);
  t.is(heatAt(heatmap, 25.1, 75), 1);
  t.is(heatAt(heatmap, 174.9, 75), 1);
  t.is(heatAt(heatmap, 175.1, 75), 0);
});

test('cells are joined by straight lines, and level at the edges', (t) => {
  const region = { x: 2, y: 1, width: 4, height: 2, direction: [1, 0] } as const;
  const heatmap = { width: 2, height: 1, data: Float32Array.of(0, 1), region };
  t.deepEqual(
    [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4].map((x) => heatAt(heatmap, x, 0.3)),
    [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1],
  );
});

test('heat is drawn from transparent to yellow; of several maps the hottest shows', (t) => {
  const region = { x: 2, y: 0.5, width: 4, height: 1, direction: [1, 0] } as const;
  const left = { width: 4, height: 1, data: Float32Array.of(1, 0.7, 0.35, 0), region };
  const right = { width: 4, height: 1, data: Float32Array.of(0, 0, 0, 1), region };
  const colour = {
    none: [0, 0, 0, 0],
    warm: [200, 30, 110, 71],
    hot: [250, 125, 30, 133],
    most: [255, 235, 80, 173],
  };
  const picture = { width: 4, height: 1 };
  t.deepEqual(renderHeat([left], picture), {
    ...picture,
    channels: 4,
    data: Uint8Array.from([...colour.most, ...colour.hot, ...colour.warm, ...colour.none]),
  });
  t.deepEqual(Array.from(renderHeat([left, right], picture).data.subarray(12)), colour.most);
  t.deepEqual(renderHeat([], picture).data, new Uint8Array(16));
  // A smaller layer shows the same places: its one pixel lies in the middle, between 0.7 and 0.35.
  const small = renderHeat([left], picture, { width: 1, height: 1 });
  t.deepEqual(Array.from(small.data), [225, 77, 70, 102]);
});
