import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { inFlags } from '../../src/cli/flags.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { saveModel } from '../../src/keras/saving/index.js';
import { printable, printableJson } from '../../src/printable.js';
import { metadata, seededClassifier } from '../export/seeded-classifier.js';
import { withFolder } from '../saving/folder.js';
import { run } from './command.js';

test('names of options are flags on the command line, and other words in backquotes stay', (t) => {
  t.is(
    inFlags(
      'Expected `outputName` with `weights`. Hint: choose `maxPixels`, or `layer.trainable` and `seed=1`.',
    ),
    'Expected --output-name with --weights. Hint: choose --max-pixels, or `layer.trainable` and `seed=1`.',
  );
});

test('marks that turn the direction of writing are written out, in JSON as JSON has it', (t) => {
  t.is(
    printable('a\u202egpj.exe\u2066\u200f\u061c\u2028é😀'),
    'a\\u202egpj.exe\\u2066\\u200f\\u061c\\u2028é😀',
  );
  const value = { name: 'a\u009b2J\u202e\x1b\n', list: ['\u200e'] };
  const json = printableJson(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  t.notRegex(json, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u202e]/);
  t.deepEqual(JSON.parse(json), value);
});

test('commands write through one file, which lets nothing by', async (t) => {
  const source = new URL('../../../src/cli/', import.meta.url).pathname;
  const files = (await readdir(source, { recursive: true })).filter((name) => name.endsWith('.ts'));
  t.true(files.length > 20);
  const writers = [];
  for (const name of files)
    if (/process\.std(out|err)\.write/.test(await readFile(join(source, name), 'utf8'))) writers.push(name);
  t.deepEqual(writers.sort(), ['main.ts', 'parser.ts', 'terminal-reporter.ts', 'terminal.ts']);
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const obeyed = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

test('names in a model are printed, and obeyed by no terminal', async (t) => {
  await withFolder(async (room) => {
    const keras = join(room, 'names.keras');
    const hostile = 'd\x1b]0;owned\x07\x1b[2J\u009b\u202e';
    const layers = [Input({ shape: [2], name: `in${hostile}` }), new Dense({ units: 3, name: hostile })];
    await saveModel(new Sequential(layers, { name: `model${hostile}` }), keras);
    const onnx = join(room, 'labels.onnx');
    const labels = [`a${hostile}`, 'b', `c\nerror: d`, 'd', 'e'];
    await writeFile(onnx, encodeModel(seededClassifier({ metadata: { ...metadata, labels } })));
    for (const args of [
      ['summary', keras],
      ['convert', keras, join(room, 'out.onnx')],
      ['convert', keras, join(room, 'out.h5')],
      ['convert', onnx, join(room, 'other.keras')],
      ['export', '--model', onnx, '--out', join(room, 'export.onnx')],
      ['evaluate', room, '--model', onnx],
    ]) {
      const { stdout, stderr } = await run('ort-transfer', args);
      t.notRegex(stdout + stderr, obeyed, args.join(' '));
      t.notRegex(stdout + stderr, /^error: d/m);
    }
    const { stdout } = await run('ort-transfer', ['summary', keras]);
    t.true(stdout.includes('Model: "modeld\\x1b]0;owned\\x07\\x1b[2J'), stdout);
  });
});
