import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readFile } from '../../src/platform/node/files.js';
import { withFolder } from '../saving/folder.js';
import { run } from './command.js';

test('pipes and devices in the place of any file are refused, and nothing waits for them', async (t) => {
  await withFolder(async (folder) => {
    const pipe = (name: string) => {
      execFileSync('mkfifo', [join(folder, name)]);
      return join(folder, name);
    };
    const tfjs = join(folder, 'tfjs');
    await mkdir(tfjs);
    const manifest = [{ paths: ['shard.bin'], weights: [{ name: 'k', shape: [1], dtype: 'float32' }] }];
    await writeFile(
      join(tfjs, 'model.json'),
      JSON.stringify({ format: 'layers-model', modelTopology: {}, weightsManifest: manifest }),
    );
    pipe('tfjs/shard.bin');
    const photos = join(folder, 'photos');
    await mkdir(photos);
    const commands: (readonly ['ort-transfer' | 'ort-predict', ...string[]])[] = [
      ['ort-transfer', 'summary', pipe('a.h5')],
      ['ort-transfer', 'summary', pipe('a.keras')],
      ['ort-transfer', 'convert', pipe('a.json'), join(folder, 'out.onnx')],
      ['ort-transfer', 'convert', tfjs, join(folder, 'out.onnx')],
      ['ort-transfer', 'export', '--model', pipe('a.onnx'), '--out', join(folder, 'out.onnx')],
      ['ort-transfer', 'features', photos, '--weights', pipe('weights.h5')],
      ['ort-transfer', 'features', photos, '--weights', pipe('weights.onnx'), '--input-scaling', 'tf'],
      ['ort-predict', pipe('a.jpg'), '--model', pipe('b.onnx')],
    ];
    for (const [name, ...args] of commands) {
      const { code, stdout, stderr } = await run(name, args);
      t.is(code, 1, args.join(' '));
      t.is(stdout, '');
      t.regex(stderr, /^error: .*(neither a file nor a folder|which is none of these)\.\n$/, args.join(' '));
    }
    await t.throwsAsync(readFile('/dev/zero'), {
      message: 'Expected a file. Received: /dev/zero, neither a file nor a folder.',
    });
  });
});
