import test from 'ava';
import { MetadataError, readMetadata, writeMetadata } from '../../src/classifier/metadata.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { metadata, seededClassifier, seededNumbers } from './seeded-classifier.js';

const model = seededClassifier();
const bytes = encodeModel(model);

/** The model with some of its metadata replaced, or taken away. */
const withProperties = (changes: Record<string, string | undefined>): Uint8Array =>
  encodeModel({
    ...model,
    metadata: Object.fromEntries(
      Object.entries({ ...model.metadata, ...changes }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
  });

const messageOf = (file: Uint8Array): string => {
  try {
    readMetadata(file);
  } catch (error) {
    if (error instanceof MetadataError) return error.message;
    throw error;
  }
  return 'read';
};

test('metadata is read back as it was written', (t) => {
  t.deepEqual(readMetadata(bytes), metadata);
});

test('metadata without the optional parts is read back', (t) => {
  const { labels, preprocessing } = metadata;
  t.deepEqual(readMetadata(encodeModel({ ...model, metadata: writeMetadata({ labels, preprocessing }) })), {
    labels,
    preprocessing,
  });
});

test('the ONNX decoder sees the same properties', (t) => {
  t.deepEqual(decodeModel(bytes).metadata, writeMetadata(metadata));
  t.deepEqual(Object.keys(decodeModel(bytes).metadata!), [
    'format',
    'labels',
    'preprocessing',
    'backbone',
    'metrics',
    'licences',
  ]);
});

test('a view into a larger buffer is read as the view', (t) => {
  const buffer = new Uint8Array(bytes.length + 20).fill(0xff);
  buffer.set(bytes, 7);
  t.deepEqual(readMetadata(buffer.subarray(7, 7 + bytes.length)), metadata);
});

test('unknown properties and unknown fields are stepped over', (t) => {
  const file = withProperties({ note: 'made on a Tuesday' });
  // Fields 100 to 103: a varint, 8 bytes, 4 bytes, and bytes.
  const extra = [0xa0, 6, 0xff, 1, 0xa9, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xb5, 6, 1, 2, 3, 4, 0xba, 6, 2, 9, 9];
  t.deepEqual(readMetadata(Uint8Array.from([...extra, ...file])), metadata);
});

test('a model that is not ours is refused', (t) => {
  t.is(
    messageOf(encodeModel({ graph: model.graph, opset: 18 })),
    "Expected a model that carries its labels. Received: an ONNX model without. Hint: export it with 'ort-transfer train'.",
  );
  t.is(
    messageOf(withProperties({ format: undefined })),
    "Expected a model of format 'ort-transfer/1'. Received: none. Hint: export it with 'ort-transfer train'.",
  );
  t.is(
    messageOf(withProperties({ format: 'ort-transfer/9' })),
    "Expected a model of format 'ort-transfer/1'. Received: 'ort-transfer/9'. Hint: export it with 'ort-transfer train'.",
  );
});

const valid = JSON.parse(writeMetadata(metadata).preprocessing!);
for (const [key, text] of [
  ['labels', '["a",'],
  ['labels', '[]'],
  ['labels', '{"0":"a"}'],
  ['labels', '["a",null]'],
  ['preprocessing', 'null'],
  ['preprocessing', JSON.stringify({ ...valid, size: [224] })],
  ['preprocessing', JSON.stringify({ ...valid, size: [224, -1] })],
  ['preprocessing', JSON.stringify({ ...valid, crop: 'smart' })],
  ['preprocessing', JSON.stringify({ ...valid, exif: 1 })],
  ['preprocessing', JSON.stringify({ ...valid, mean: [0, 0, '0'] })],
  ['metrics', '{"samples":70}'],
  ['backbone', '[]'],
  ['licences', '[{"work":"w"}]'],
] as const)
  test(`damaged ${key} are told: ${text}`, (t) => {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    t.is(
      messageOf(withProperties({ [key]: text })),
      `Expected valid '${key}' in the model's metadata. Received: ${shown}.`,
    );
  });

test('missing preprocessing is told', (t) => {
  t.is(
    messageOf(withProperties({ preprocessing: undefined })),
    "Expected valid 'preprocessing' in the model's metadata. Received: none.",
  );
});

test('a file that is no model is refused', (t) => {
  const text = (s: string) => new TextEncoder().encode(s);
  t.is(messageOf(new Uint8Array()), 'Expected an ONNX model. Received: an empty file.');
  t.is(messageOf(text('<!doctype html><p>404')), 'Expected an ONNX model. Received: a web page.');
  t.is(
    messageOf(text('version https://git-lfs.github.com/spec/v1\n')),
    "Expected an ONNX model. Received: what Git LFS leaves in a file's place, which 'git lfs pull' replaces.",
  );
  t.is(
    messageOf(Uint8Array.of(0x12, 0x08, 0x4e, 0x47)),
    'Expected an ONNX model. Received: 4 bytes that are none, or not all of one (it ends 6 bytes early).',
  );
});

test('a file cut anywhere is refused, or is whole but for properties it may lack', (t) => {
  const end = bytes.length;
  const reasons = new Set<string>();
  for (let length = 0; length < end; length += length < 200 || length > end - 1000 ? 1 : 97) {
    const cut = bytes.subarray(0, length);
    const message = messageOf(cut);
    if (message === 'read') t.deepEqual({ ...metadata, ...readMetadata(cut) }, metadata);
    else reasons.add(message.replaceAll(/\d+/g, '#'));
  }
  t.deepEqual([...reasons].sort(), [
    "Expected a model that carries its labels. Received: an ONNX model without. Hint: export it with 'ort-transfer train'.",
    'Expected an ONNX model. Received: # bytes that are none, or not all of one (it ends # bytes early).',
    'Expected an ONNX model. Received: # bytes that are none, or not all of one (it ends within a number, at byte #).',
    'Expected an ONNX model. Received: an empty file.',
    "Expected valid 'preprocessing' in the model's metadata. Received: none.",
  ]);
});

test('hostile numbers end in an error, not in a loop', (t) => {
  const property = (...entry: number[]) => Uint8Array.of(0x72, ...entry);
  t.regex(messageOf(property(...new Array(11).fill(0xff))), /a number at byte 1 is too long/);
  // A length of 2⁶³: larger than any file, and beyond what a double holds exactly.
  t.regex(messageOf(property(...new Array(9).fill(0x80), 1)), /it ends 9223372036854776000 bytes early/);
  t.regex(messageOf(property(2, 0x0a, 0x05)), /it ends 5 bytes early/); // the key reaches past its entry
  t.regex(messageOf(property(3, 0x0a, 0x01, 0xff)), /a text in it is not UTF-8/);
  t.regex(messageOf(Uint8Array.of(0x73)), /no field at byte 0/); // a group
  t.regex(messageOf(Uint8Array.of(0x00)), /no field at byte 0/); // field 0
});

test('millions of empty properties are read without keeping them', (t) => {
  const file = new Uint8Array(8_000_000);
  for (let i = 0; i < file.length; i += 2) file[i] = 0x72;
  t.regex(messageOf(file), /carries its labels/);
});

test('random bytes never do worse than a MetadataError', (t) => {
  for (let seed = 0; seed < 3000; seed++) {
    const noise = Uint8Array.from(seededNumbers(seed % 64, seed, 128), (x) => Math.floor(x + 128));
    t.not(messageOf(noise), 'read');
    const damaged = bytes.slice();
    for (const x of seededNumbers(3, seed))
      damaged[Math.floor(((x + 1) / 2) * bytes.length)]! ^= 1 << (seed % 8);
    messageOf(damaged);
  }
});
