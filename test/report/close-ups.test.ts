import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { sealModel } from '../../src/classifier/seal-model.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { makeCloseUps } from '../../src/transfer/evaluate/report/close-ups.js';
import type { SmallPicture } from '../../src/transfer/evaluate/report/report.js';
import { shrinkFile } from '../../src/transfer/evaluate/report/shrink.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';
import { withFolder } from '../saving/folder.js';

const pixelsOf = ({ bytes }: SmallPicture) =>
  sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });

test('a close-up has the part that the model saw, framed in the photo, and heat over that part', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'red.png');
    await sharp(await redPicture()).toFile(path);
    const model = await sealModel(redOrBlue());
    const engine = await ortNode({ provider: 'cpu', threads: 1 });
    const answer = { path, label: 0, probabilities: [0.1, 0.9] };
    const gone = { ...answer, path: join(folder, 'gone.png') };
    const { closeUps, noHeat } = await makeCloseUps([answer, gone], { model, engine });
    t.is(noHeat, null);
    t.deepEqual([...closeUps.keys()], [path], 'a picture that is gone has none');
    const close = closeUps.get(path);
    const { photo, part, heat } = close ?? {};
    t.deepEqual([photo?.width, photo?.height], [200, 100]);
    t.deepEqual(part?.corners, [
      [0.25, 0],
      [0.75, 0],
      [0.75, 1],
      [0.25, 1],
    ]);
    t.deepEqual([part?.image.width, part?.image.height], [100, 100]);
    if (!heat || !part) return t.fail('there is heat');
    const { data, info } = await pixelsOf(heat);
    t.deepEqual([info.width, info.height], [64, 64]);
    const alphaAt = (x: number, y: number) =>
      data[4 * (Math.round(y * 63) * 64 + Math.round(x * 63)) + 3] ?? 0;
    // Red is in the lower right of the middle, which is the part.
    t.true(alphaAt(0.75, 0.75) > 100);
    t.is(alphaAt(0.2, 0.2), 0);
    t.is(close?.note, undefined);

    // The model that was asked was another, which took it for blue.
    const before = await makeCloseUps([{ ...answer, probabilities: [0.9, 0.1] }], { model, engine });
    t.is(before.closeUps.get(path)?.note, 'The finished model, which has learned this picture, says red.');
    t.is(before.closeUps.get(path)?.heat, null);
  });
});

test('a close-up says so where a model that looks for faces found none', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'red.png');
    await sharp(await redPicture()).toFile(path);
    const { metadata, ...model } = redOrBlue();
    const preprocessing = { ...JSON.parse(metadata?.preprocessing ?? ''), crop: 'face' };
    const faces = { ...model, metadata: { ...metadata, preprocessing: JSON.stringify(preprocessing) } };
    const { closeUps } = await makeCloseUps([{ path, label: 1, probabilities: [0.1, 0.9] }], {
      model: await sealModel(faces),
      engine: await ortNode({ provider: 'cpu', threads: 1 }),
    });
    const { part, note, heat } = closeUps.get(path) ?? {};
    t.is(note, 'No face was found: the model was shown the whole picture.');
    t.is(part, null);
    t.truthy(heat);
  });
});

test('small pictures are upright where EXIF counts, no larger than asked for, and of any format', async (t) => {
  const { data, info } = await sharp({
    create: { width: 300, height: 200, channels: 3, background: '#c03020' },
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const picture = () => sharp(data, { raw: { ...info, channels: 3 } });
  const turned = await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const sizeOf = async (bytes: Uint8Array, exif: boolean, side = 150) => {
    const small = await shrinkFile(bytes, { side, exif });
    const real = await sharp(small.bytes).metadata();
    t.deepEqual([real.width, real.height], [small.width, small.height]);
    return [small.width, small.height];
  };
  t.deepEqual(await sizeOf(turned, true), [100, 150]);
  t.deepEqual(await sizeOf(turned, false), [150, 100]);
  t.deepEqual(await sizeOf(await picture().png().toBuffer(), true, 1000), [300, 200]);
  const bmp = await shrinkFile(await picture().tiff().toBuffer(), { side: 150, exif: true });
  t.is(bmp.type, 'image/webp');
  const [red = 0, green = 0, blue = 0] = (await pixelsOf(bmp)).data;
  t.true(Math.abs(red - 0xc0) < 6 && Math.abs(green - 0x30) < 6 && Math.abs(blue - 0x20) < 6);
  await t.throwsAsync(shrinkFile(new TextEncoder().encode('no picture'), { side: 9, exif: true }), {
    name: 'ImageError',
  });
});
