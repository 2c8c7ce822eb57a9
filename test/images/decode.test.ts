import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { decodeImage, readImageInfo } from '../../src/images/decode.js';
import { ImageError } from '../../src/images/image.js';

const awkward = '../shared/images-awkward';
const hasAwkward = existsSync(awkward);
const read = (name: string) => readFileSync(`${awkward}/${name}`);
const reasons: Record<string, string> = {
  'bad-bitflips.jpg':
    'Expected an undamaged picture. Received: a JPEG with a block of more than 64 coefficients.',
  'bad-bomb-50000x50000.png':
    'Expected a picture within the limit. Received: 50000×50000 pixels, more than 100000000. Hint: allow more with maxPixels.',
  'bad-crc.png': 'Expected an undamaged picture. Received: a PNG whose data does not decode.',
  'bad-empty.jpg': 'Expected a picture. Received: an empty file.',
  'bad-header-only.jpg': 'Expected a whole picture. Received: 24 bytes that end within the header.',
  'bad-html.jpg': 'Expected a picture. Received: an HTML page.',
  'bad-text.txt': 'Expected a picture. Received: text.',
  'bad-truncated.jpg': 'Expected a whole picture. Received: a JPEG that ends after 46% of its blocks.',
  'bad-truncated.png':
    'Expected a whole picture. Received: a PNG of 32818 bytes that should have more than 65577.',
};

test('every awkward picture that must load loads', async (t) => {
  if (!hasAwkward) {
    t.log(`${awkward} is not here`);
    t.pass();
    return;
  }
  for (const name of readdirSync(awkward).filter((file) => file.startsWith('ok'))) {
    const bytes = read(name);
    const { width, height, data } = await decodeImage(bytes);
    t.is(data.length, width * height * 3, name);
    t.like(readImageInfo(bytes), { width, height }, name);
  }
});

test('every awkward picture that is broken is refused with its reason', async (t) => {
  if (!hasAwkward) {
    t.log(`${awkward} is not here`);
    t.pass();
    return;
  }
  for (const [name, message] of Object.entries(reasons))
    await t.throwsAsync(decodeImage(read(name)), { instanceOf: ImageError, message }, name);
});
