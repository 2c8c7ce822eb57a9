import test from 'ava';
import sharp from 'sharp';
import { loadImg } from '../../src/keras/preprocessing/image.js';
import { decodeImage } from '../../src/platform/node/decode.js';

test("reading pictures leaves the settings of the user's own sharp alone", async (t) => {
  sharp.concurrency(3);
  sharp.cache({ items: 7, files: 5, memory: 11 });
  const pixels = { width: 8, height: 8, channels: 3, background: 'teal' } as const;
  const bytes = await sharp({ create: pixels }).png().toBuffer();
  await decodeImage(bytes);
  await loadImg(bytes);
  t.is(sharp.concurrency(), 3);
  const { items, files, memory } = sharp.cache();
  t.deepEqual([items.max, files.max, memory.max], [7, 5, 11]);
});
