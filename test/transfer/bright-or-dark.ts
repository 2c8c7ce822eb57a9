import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomState } from '../../src/keras/random/random-state.js';

/** Pictures as plain PPM files: eight of a bright and eight of a dark class, 32 × 32. */
export async function writePictures(folder: string): Promise<void> {
  const random = new RandomState(5);
  const side = 32;
  for (const [name, base] of [
    ['bright', 160],
    ['dark', 20],
  ] as const) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const levels = Uint8Array.from(random.uniform(base, base + 80, side * side * 3));
      await writeFile(
        join(folder, name, `${i}.ppm`),
        Buffer.concat([Buffer.from(`P6 ${side} ${side} 255\n`), levels]),
      );
    }
  }
}
