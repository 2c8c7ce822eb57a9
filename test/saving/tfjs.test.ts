import test from 'ava';
import { readTfjsWeights, TfjsFormatError, type TfjsModel } from '../../src/keras/saving/tfjs.js';
import { readHumanModel } from '../../src/platform/node.js';

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

test('reads plain and quantised weights, in order, across files', (t) => {
  const bytes = Buffer.concat([
    bytesOf(Float32Array.of(1.5, -2)),
    bytesOf(Int32Array.of(-7)),
    bytesOf(Uint8Array.of(0, 255)),
    bytesOf(Uint16Array.of(0x3c00, 0xc000)),
    bytesOf(Uint16Array.of(65535)),
    bytesOf(Uint8Array.of(1, 0)),
  ]);
  const weights = readTfjsWeights(
    [
      {
        paths: ['a.bin', 'b.bin'],
        weights: [
          { name: 'plain', shape: [1, 2], dtype: 'float32' },
          { name: 'axis', shape: [], dtype: 'int32' },
          {
            name: 'small',
            shape: [2],
            dtype: 'float32',
            quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
          },
          { name: 'half', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
          { name: 'word', shape: [1], dtype: 'float32', quantization: { dtype: 'uint16', scale: 2, min: 1 } },
          { name: 'flags', shape: [2], dtype: 'bool' },
        ],
      },
    ],
    { 'a.bin': bytes.subarray(0, 5), 'b.bin': bytes.subarray(5) },
  );
  t.deepEqual(Object.fromEntries(weights), {
    plain: { type: 'float32', dims: [1, 2], data: Float32Array.of(1.5, -2) },
    axis: { type: 'int32', dims: [], data: Int32Array.of(-7) },
    small: { type: 'float32', dims: [2], data: Float32Array.of(-1, 126.5) },
    half: { type: 'float32', dims: [2], data: Float32Array.of(1, -2) },
    word: { type: 'float32', dims: [1], data: Float32Array.of(131071) },
    flags: { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
  });
});

test('says which file is missing and how long the others should be', (t) => {
  const manifest = [{ paths: ['a.bin'], weights: [{ name: 'w', shape: [2], dtype: 'float32' }] }];
  t.throws(() => readTfjsWeights(manifest, {}), {
    instanceOf: TfjsFormatError,
    message: "Expected the weights file 'a.bin'. Received: none.",
  });
  for (const length of [7, 9])
    t.throws(() => readTfjsWeights(manifest, { 'a.bin': new Uint8Array(length) }), {
      message: `Expected 8 bytes in a.bin. Received: ${length}.`,
    });
  t.throws(
    () => readTfjsWeights([{ paths: [], weights: [{ name: 's', shape: [1], dtype: 'string' }] }], {}),
    { message: "Expected numbers in 's'. Received: a weight of type string." },
  );
});

test('reads the face models of @vladmandic/human', async (t) => {
  const names: Record<string, [weights: number, elements: number]> = {
    faceres: [128, 3489405],
    blazeface: [112, 134732],
  };
  for (const [name, expected] of Object.entries(names)) {
    const { weightsManifest } = JSON.parse(
      new TextDecoder().decode(await readHumanModel(`${name}.json`)),
    ) as TfjsModel;
    const weights = readTfjsWeights(weightsManifest, {
      [`${name}.bin`]: await readHumanModel(`${name}.bin`),
    });
    const elements = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    t.deepEqual([weights.size, elements], expected);
  }
});
