import { createHash } from 'node:crypto';
import test from 'ava';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { checkSeal, readProperties, seal } from '../../src/graph/seal.js';
import { metadata, seededClassifier } from '../export/seeded-classifier.js';

const sha256 = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const model = seededClassifier({ metadata: { ...metadata, labels: ['a', 'b', 'c', 'd', 'e'] } });
const bytes = encodeModel(model);
const broken = {
  name: 'OnnxFormatError',
  message:
    "Expected a model as it was written. Received: one with other bytes, as its SHA-256 tells. Hint: copy or download it again; if another program changed it on purpose, remove 'sealed' and 'sha256' from its metadata.",
};

test('the seal is the SHA-256 of all bytes before it, the last property of the file', async (t) => {
  const sealed = await seal(bytes, sha256);
  t.deepEqual([...readProperties(sealed).keys()].slice(-2), ['sealed', 'sha256']);
  t.is(readProperties(sealed).get('sha256'), await sha256(sealed.subarray(0, -76)));
  t.is(Buffer.compare(sealed.subarray(0, bytes.length), bytes), 0);
  await t.notThrowsAsync(checkSeal(sealed, sha256));
});

test('the decoder sees the model without its seal', async (t) => {
  t.deepEqual(decodeModel(await seal(bytes, sha256)), decodeModel(bytes));
});

test('a model without a seal passes', async (t) => {
  await t.notThrowsAsync(checkSeal(bytes, sha256));
});

test('every bit counts, those of the seal too', async (t) => {
  const sealed = await seal(bytes, sha256);
  const passed: number[] = [];
  // Every bit of the seal, and one of each byte of the model.
  const places = Array.from({ length: sealed.length }, (_, at) => at).flatMap((at) =>
    at < bytes.length ? [8 * at + (at % 8)] : Array.from({ length: 8 }, (_, bit) => 8 * at + bit),
  );
  for (const place of places) {
    const mask = 1 << (place % 8);
    const at = place >> 3;
    sealed.set([sealed[at]! ^ mask], at);
    await checkSeal(sealed, sha256).then(
      () => passed.push(place),
      (error: Error) => t.is(error.message, broken.message),
    );
    sealed.set([sealed[at]! ^ mask], at);
  }
  t.deepEqual(passed, []);
});

test('a seal that is cut off, or that something follows, is noticed', async (t) => {
  const sealed = await seal(bytes, sha256);
  await t.throwsAsync(checkSeal(sealed.subarray(0, -76), sha256), broken);
  await t.throwsAsync(checkSeal(Uint8Array.of(...sealed, 0xa0, 6, 1), sha256), broken);
});
