import test from 'ava';
import { placeInField, windowAround, windowOnWhole, windowsOnParts } from '../../src/images/faces/window.js';

test('the whole picture fills the longer side of the field, centred', (t) => {
  const size = { width: 1024, height: 512 };
  t.deepEqual(windowOnWhole(size), { left: 0, top: -256, side: 1024 });
  t.deepEqual(placeInField(size, windowOnWhole(size)), {
    part: { left: 0, top: 0, width: 1024, height: 512 },
    placement: { left: 0, top: 64, width: 256, height: 128 },
  });
});

test('from further away the picture takes up less', (t) => {
  const size = { width: 100, height: 200 };
  t.deepEqual(placeInField(size, windowOnWhole(size, 2)), {
    part: { left: 0, top: 0, width: 100, height: 200 },
    placement: { left: 96, top: 64, width: 64, height: 128 },
  });
});

test('a window over the edge shows the part that lies inside', (t) => {
  t.deepEqual(placeInField({ width: 100, height: 80 }, windowAround(90, 70, 64)), {
    part: { left: 58, top: 38, width: 42, height: 42 },
    placement: { left: 0, top: 0, width: 168, height: 168 },
  });
  t.deepEqual(placeInField({ width: 100, height: 80 }, windowAround(10, 10, 64)), {
    part: { left: 0, top: 0, width: 42, height: 42 },
    placement: { left: 88, top: 88, width: 168, height: 168 },
  });
});

test('a window beside the picture shows nothing', (t) => {
  t.is(placeInField({ width: 100, height: 80 }, windowAround(200, 40, 64)), null);
  t.is(placeInField({ width: 100, height: 80 }, windowAround(50, -40, 64)), null);
});

test('windows of any size stay inside the field', (t) => {
  for (const [x, y, side] of [
    [0.3, 0.7, 0.9],
    [99.9, 79.9, 3.7],
    [50.5, 40.2, 1000.1],
    [-20.2, 5, 41.3],
    [33.3, 44.4, 77.7],
  ] as const) {
    const { part, placement } = placeInField({ width: 100, height: 80 }, windowAround(x, y, side))!;
    t.true(part.left >= 0 && part.left + part.width <= 100 && part.width > 0);
    t.true(part.top >= 0 && part.top + part.height <= 80 && part.height > 0);
    t.true(placement.left >= 0 && placement.left + placement.width <= 256 && placement.width > 0);
    t.true(placement.top >= 0 && placement.top + placement.height <= 256 && placement.height > 0);
  }
});

test('parts of half the longer side cover the picture, half over one another', (t) => {
  const corners = (width: number, height: number) =>
    windowsOnParts({ width, height }).map(({ left, top, side }) => [left, top, side]);
  t.deepEqual(corners(400, 400), [
    [0, 0, 200],
    [100, 0, 200],
    [200, 0, 200],
    [0, 100, 200],
    [100, 100, 200],
    [200, 100, 200],
    [0, 200, 200],
    [100, 200, 200],
    [200, 200, 200],
  ]);
  t.deepEqual(corners(400, 300), [
    [0, 0, 200],
    [100, 0, 200],
    [200, 0, 200],
    [0, 100, 200],
    [100, 100, 200],
    [200, 100, 200],
  ]);
  t.deepEqual(corners(100, 400), [
    [-50, 0, 200],
    [-50, 100, 200],
    [-50, 200, 200],
  ]);
});
