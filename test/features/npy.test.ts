import test from 'ava';
import { float32, int64 } from '../../src/graph/tensor.js';
import { decodeNpy, encodeNpy, NpyFormatError } from '../../src/transfer/features/npy.js';

/** `numpy.save` of NumPy 2.4.6: np.arange(6, dtype='<f4').reshape(2, 3) / 4 */
const saved =
  '934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028322c2033292c207d202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020200a000000000000803e0000003f0000403f0000803f0000a03f';

const array = float32([0, 0.25, 0.5, 0.75, 1, 1.25], [2, 3]);

test('an array is written as numpy.save writes it', (t) => {
  t.is(Buffer.from(encodeNpy(array)).toString('hex'), saved);
});

test('an array is read from a part of a larger buffer', (t) => {
  const bytes = Buffer.from(`0011223344${saved}`, 'hex').subarray(5);
  t.deepEqual(decodeNpy(bytes), array);
});

test('vectors and empty arrays survive the round trip', (t) => {
  for (const tensor of [int64([3, -1, 2 ** 40]), float32([], [0, 4]), float32([7], [])])
    t.deepEqual(decodeNpy(encodeNpy(tensor)), tensor);
});

test('what is not such an array is refused', (t) => {
  const bytes = Buffer.from(saved, 'hex');
  const refused: [Uint8Array, RegExp][] = [
    [new Uint8Array(3), /Received: 3 bytes of another format\./],
    [Buffer.from('not an array at all'), /bytes of another format/],
    [bytes.subarray(0, -1), /Received: 23 bytes of data for the shape \(2, 3\)\./],
    [
      Buffer.from(bytes.toString('latin1').replace('<f4', '<c8'), 'latin1'),
      /Received: elements of type <c8\./,
    ],
    [Buffer.from(bytes.toString('latin1').replace('False', 'True '), 'latin1'), /Received: Fortran order\./],
  ];
  for (const [received, message] of refused)
    t.throws(() => decodeNpy(received), { instanceOf: NpyFormatError, message });
});
