import { createHash } from 'node:crypto';
import test from 'ava';
import { plainSha256 } from '../../src/platform/web/plain-sha256.js';
import { seededNumbers } from '../export/seeded-classifier.js';

const bytes = Uint8Array.from(seededNumbers(1000, 1, 128), (x) => x + 128);

test('pages hash in plain TypeScript as Node does, around the edges of blocks too', (t) => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 997]) {
    const part = bytes.subarray(3, 3 + length);
    t.is(plainSha256(part), createHash('sha256').update(part).digest('hex'), `${length} bytes`);
  }
});
