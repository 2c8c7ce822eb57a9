import test from 'ava';
import { halfToNumber, halvesToFloats } from '../../src/graph/half.js';

test('reads the bits of halves', (t) => {
  t.is(halfToNumber(0x3555), 0.333251953125);
  t.is(halfToNumber(0x0001), 2 ** -24);
  t.is(halfToNumber(0x8000), -0);
  t.is(halfToNumber(0x7bff), 65504);
  t.is(halfToNumber(0xfc00), Number.NEGATIVE_INFINITY);
  t.is(halfToNumber(0x7e00), Number.NaN);
});

test('reads many as it reads one, whatever the bits', (t) => {
  const every = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
  const floats = halvesToFloats(every);
  const wrong = [...every].filter((bits) => !Object.is(floats[bits], halfToNumber(bits)));
  t.deepEqual(wrong.slice(0, 5), []);
});
