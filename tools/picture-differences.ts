/**
 * Prints a Markdown table of how far decoded pictures are from Pillow's, by format and mode.
 *
 *     KERAS_PYTHON=.venv/bin/python node dist/tools/picture-differences.js
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageError } from '../src/images/image.js';
import { decodeImage } from '../src/platform/node/decode.js';

const decoders = ['sharp', 'jimp'] as const;

/** The largest difference of two channels, or why there is none to take. */
async function difference(bytes: Uint8Array, expected: Uint8Array, decoder: (typeof decoders)[number]) {
  try {
    const { data } = await decodeImage(bytes, { exif: false, levels: 'pillow', decoder });
    if (data.length !== expected.length) return 'another size';
    return data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return error.fault === 'unsupported' ? 'refused' : error.message;
  }
}

const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
try {
  execFileSync(process.env.KERAS_PYTHON ?? '.venv/bin/python', ['test/parity/image_corpus.py', folder]);
  const manifest: { format: string; mode: string; file: string }[] = JSON.parse(
    await readFile(join(folder, 'manifest.json'), 'utf8'),
  );
  const rows = new Map<string, (number | string)[][]>();
  for (const { format, mode, file } of manifest) {
    const bytes = await readFile(join(folder, file));
    const expected = await readFile(join(folder, `${file}.raw`));
    const cells = rows.get(`${format} | ${mode}`) ?? decoders.map(() => []);
    for (const [i, decoder] of decoders.entries()) cells[i]!.push(await difference(bytes, expected, decoder));
    rows.set(`${format} | ${mode}`, cells);
  }
  console.log('| Format | Mode | with sharp | without |\n|---|---|---|---|');
  for (const [name, cells] of rows) {
    const shown = cells.map((cell) =>
      cell.every((value) => typeof value === 'number')
        ? Math.max(...cell)
        : cell.find((value) => typeof value === 'string'),
    );
    console.log(`| ${name} | ${shown.join(' | ')} |`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
