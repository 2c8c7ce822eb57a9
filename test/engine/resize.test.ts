import test from 'ava';
import { jsEngine } from '../../src/engine/js.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { resizePixels } from '../../src/graph/preprocessing.js';
import { float32, int64 } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';
import { assertSameNode, bytes, noise, ort, randomStream } from './node.js';

/** The graph that training, command line and page resize with. */
function resizing(height: number, width: number): Uint8Array {
  const g = new GraphBuilder('resize');
  const pixels = g.input('pixels', 'uint8', ['N', 'H', 'W', 'C']);
  g.output('resized', resizePixels(g, pixels, [height, width]), 'uint8', ['N', height, width, 'C']);
  return encodeModel({ graph: g.build(), opset: 18 });
}

test('pictures of any size come out byte for byte as from ONNX Runtime', async (t) => {
  const random = randomStream(7);
  const size = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  for (let round = 0; round < 60; round++) {
    const [low, high] = round < 15 ? [1, 5] : round < 25 ? [150, 400] : [1, 120];
    const pixels = bytes([1 + (round % 2), size(low, high), size(low, high), [1, 3, 4][round % 3]!]);
    const model = resizing(
      ...((round % 3 === 0 ? [224, 224] : [size(1, 150), size(1, 150)]) as [number, number]),
    );
    const { resized: expected } = await (await (await ort()).load(model)).run({ pixels });
    const { resized: actual } = await (await jsEngine().load(model)).run({ pixels });
    assertClose(t, actual!, expected!, { label: `[${pixels.dims}] to [${expected!.dims}]`, relative: 0 });
  }
});

const attributes = { mode: 'linear', antialias: 1 };

test('scales and float pictures', async (t) => {
  for (const scales of [
    [1, 1, 0.5, 0.37],
    [1, 1, 2.3, 0.8],
  ])
    await assertSameNode(t, 'Resize', [noise([1, 2, 11, 13]), undefined, float32(scales)], {
      attributes,
      opset: 18,
      relative: 1e-5,
      absolute: 1e-6,
    });
  await assertSameNode(t, 'Resize', [noise([1, 2, 11, 13]), undefined, undefined, int64([1, 2, 5, 17])], {
    attributes,
    opset: 18,
    relative: 1e-5,
    absolute: 1e-6,
  });
});
