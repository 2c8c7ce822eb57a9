/** What Keras's API asks of its surroundings, in Node. `web.ts` answers the same in a page. */
import { existsSync } from 'node:fs';
import { readFile as readFileBytes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bytes of a file that the user names. */
export const readFile = async (path: string): Promise<Uint8Array> => readFileBytes(path);

/** The bytes of a model that the npm package `@vladmandic/human` carries: `faceres.json`, `blazeface.bin`. */
export const readHumanModel = async (file: string): Promise<Uint8Array> =>
  readFileBytes(join(humanFolder(), 'models', file));

/** The package exports its code alone, so its folder is found by walking up from there. */
function humanFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.resolve('@vladmandic/human')));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
