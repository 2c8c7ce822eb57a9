import { readdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

export interface ContactSheetOptions {
  /** A folder with a folder of pictures per class. */
  folder: string;
  /** The file to write: its ending, `.jpg` or `.png`, says how. */
  out: string;
  /** Pictures per class, one below the other. */
  rows?: number;
  /** The side of the square, in pixels, that each picture is cut and shrunk to. */
  tile?: number;
}

/** Lays the first pictures of every class on one sheet, a column for each class, in alphabetical order. */
export async function contactSheet({ folder, out, rows = 3, tile = 88 }: ContactSheetOptions): Promise<void> {
  const classes = (await readdir(folder)).sort();
  const tiles = await Promise.all(
    classes.map(async (name, column) => {
      const files = (await readdir(join(folder, name))).sort().slice(0, rows);
      return Promise.all(
        files.map(async (file, row) => ({
          input: await sharp(join(folder, name, file))
            .resize(tile, tile)
            .png()
            .toBuffer(),
          left: column * tile,
          top: row * tile,
        })),
      );
    }),
  );
  const partial = out.replace(/(\.\w+)$/, '.partial$1');
  await sharp({
    create: { width: classes.length * tile, height: rows * tile, channels: 3, background: '#fff' },
  })
    .composite(tiles.flat())
    .jpeg({ quality: 82, force: false })
    .toFile(partial);
  await rename(partial, out);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const options = await yargs(hideBin(process.argv))
    .usage('$0 <folder>: lays the first pictures of every class on one sheet')
    .option('folder', {
      type: 'string',
      default: 'data/characters/train',
      describe: 'a folder of pictures per class',
    })
    .option('out', { type: 'string', default: 'data/characters.jpg', describe: 'the file to write' })
    .option('rows', { type: 'number', default: 3, describe: 'pictures per class' })
    .option('tile', { type: 'number', default: 88, describe: 'the side of a picture in pixels' })
    .strict()
    .parse();
  await contactSheet(options);
}
