import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { encodeModel } from '../../src/graph/onnx.js';
import { run } from '../cli/command.js';
import { pictureSize, redOrBlue, redPicture } from './red-or-blue.js';

test('predict --save --explain lays heat over what spoke for the class, and over nothing else', async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-explain-'));
  t.teardown(() => rm(room, { recursive: true, force: true }));
  const picture = join(room, 'picture.png');
  await writeFile(picture, await redPicture());
  const [plain, explained] = [join(room, 'plain.onnx'), join(room, 'explained.onnx')];
  await writeFile(plain, encodeModel(redOrBlue()));
  const made = await run('ort-transfer', ['export', '--model', plain, '--out', explained, '--explain']);
  t.is(made.code, 0, made.stderr);

  const save = join(room, 'saved');
  const { code, stdout, stderr } = await run('ort-predict', [
    ...[picture, '--model', explained, '--save', save, '--explain', '--top', '1'],
  ]);
  t.is(code, 0, stderr);
  t.regex(stdout, /picture\.png: red \d+\.\d%\n$/);
  const { data, info } = await sharp(join(save, 'picture.png')).raw().toBuffer({ resolveWithObject: true });
  const border = info.height - pictureSize.height;
  const colourAt = (x: number, y: number) => {
    const at = info.channels * ((y + border) * info.width + x);
    return Array.from(data.subarray(at, at + 3));
  };
  const [red, grey] = [
    [255, 0, 0],
    [100, 100, 100],
  ];
  t.deepEqual(colourAt(20, 50), red, 'what was cut off has no heat');
  t.deepEqual(colourAt(170, 80), grey);
  t.deepEqual(colourAt(70, 20), grey, 'what does not speak for red has none');
  // Yellow (255, 235, 80) covers 173/255 of red.
  for (const [channel, value] of [255, 159, 54].entries())
    t.true(Math.abs(colourAt(130, 80)[channel]! - value) <= 1, `${colourAt(130, 80)}`);

  const refused = await run('ort-predict', [picture, '--model', plain, '--save', save, '--explain']);
  t.is(refused.code, 1);
  t.is(
    refused.stderr,
    `error: Expected a model that tells where it looked. Received: ${plain}, which does not. Hint: 'ort-transfer export --explain' makes one.\n`,
  );
  const unsaved = await run('ort-predict', [picture, '--model', explained, '--explain']);
  t.is(unsaved.code, 2);
  t.regex(unsaved.stderr, /^error: Expected --save with --explain, which draws\. Received: none\.\n/);
});
