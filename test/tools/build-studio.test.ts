import { access } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { buildStudio } from '../../tools/build-studio.js';
import { withFolder } from '../saving/folder.js';

test('the studio says what to do with an ONNX feature extractor, and writes nothing', async (t) => {
  await withFolder(async (folder) => {
    const out = join(folder, 'studio');
    await t.throwsAsync(buildStudio({ out, weights: 'net.onnx' }), {
      name: 'ValueError',
      message:
        "Expected weights of MobileNet, whose graph the studio writes itself. Received: net.onnx. Hint: train on it with 'ort-transfer train', and show what comes of it with 'ort-transfer web'.",
    });
    await t.throwsAsync(access(out), { code: 'ENOENT' });
  });
});
