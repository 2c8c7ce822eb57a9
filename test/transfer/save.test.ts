import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { classifyFiles } from '../../src/transfer/predict/classify-files.js';
import { withFolder } from '../saving/folder.js';

test('labelled copies do not take the place of the pictures', async (t) => {
  await withFolder(async (folder) => {
    const picture = join(folder, 'a.png');
    await writeFile(picture, 'mine');
    const files = classifyFiles([picture], { model: 'none.onnx', save: `${folder}/./` });
    await t.throwsAsync(files.next(), {
      message: `Expected another folder than that of the pictures for \`save\`. Received: ${folder}/./, where ${picture} would be overwritten.`,
    });
    t.is(await readFile(picture, 'utf8'), 'mine');
  });
});
