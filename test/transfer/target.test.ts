import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { targetOf } from '../../src/transfer/train/target.js';
import { withFolder } from '../saving/folder.js';

test('what --out ends in says what is written', async (t) => {
  for (const [name, format] of [
    ['a.onnx', 'onnx'],
    ['a.keras', 'keras'],
    ['a.h5', 'keras'],
    ['a.hdf5', 'keras'],
    ['a.weights.h5', 'weights'],
  ] as const)
    t.deepEqual(await targetOf(`some/${name}`), { folder: 'some', model: `some/${name}`, format });
  for (const folder of ['onnx', 'some/models', 'v1.2'])
    t.deepEqual(await targetOf(folder), { folder, model: `${folder}/model.onnx`, format: 'onnx' });
});

test('a folder stays a folder, whatever it is called', async (t) => {
  await withFolder(async (room) => {
    const folder = join(room, 'models.h5');
    await mkdir(folder);
    t.deepEqual(await targetOf(folder), { folder, model: join(folder, 'model.onnx'), format: 'onnx' });
  });
});
