import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { silent } from '../../src/transfer/reporter.js';
import { trainClassifier } from '../../src/transfer/train/train.js';
import { withFolder } from '../saving/folder.js';
import { writePictures } from '../transfer/bright-or-dark.js';

test('a report that cannot be drawn is told, and costs nobody the model', async (t) => {
  await withFolder(async (folder) => {
    await writePictures(join(folder, 'pictures'));
    const out = join(folder, 'out');
    await mkdir(out);
    await writeFile(join(out, 'report.html'), 'of an older model');
    const options = {
      ...{
        train: join(folder, 'pictures'),
        cache: join(folder, 'cache'),
        weights: null,
        crop: 'none' as const,
      },
      ...{ alpha: 0.25, size: 128, hidden: [8], views: 1, epochs: 1, workers: 1, out, report: true },
      engine: await ortNode({ provider: 'cpu' }),
    } as const;
    const warnings: string[] = [];
    const stubborn = {
      ...silent,
      warn: (text: string) => warnings.push(text),
      progress(step: string) {
        if (step === 'Drawing the report') throw new Error('the pen broke');
      },
    };
    t.is((await trainClassifier(options, stubborn)).report, null);
    t.deepEqual(warnings.slice(-1), ['There is no report: the pen broke']);
    t.deepEqual((await readdir(out)).sort(), ['history.json', 'model.onnx']);
    t.is(JSON.parse(await readFile(join(out, 'history.json'), 'utf8')).report, null);

    const plain = await trainClassifier({ ...options, pictures: false }, silent);
    t.is(plain.report, join(out, 'report.html'));
    const page = await readFile(join(out, 'report.html'), 'utf8');
    t.true(page.includes('of 16 pictures right</h1>'));
    t.false(page.includes('data:image'));
    t.is((await trainClassifier({ ...options, report: undefined }, silent)).report, null, 'none by default');
    t.false((await readdir(out)).includes('report.html'));
  });
});
