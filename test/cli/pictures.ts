import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { RandomState } from '../../src/keras/random/random-state.js';

const patterns: Record<string, (x: number, y: number) => boolean> = {
  stripes: (x) => x % 24 < 12,
  rings: (x, y) => Math.hypot(x - 80, y - 60) % 24 < 12,
  checks: (x, y) => (Math.floor(x / 16) + Math.floor(y / 16)) % 2 === 0,
};

export const patternNames = Object.keys(patterns).sort();

/** A folder per pattern, each with `count` pictures in colours of their own. */
export async function drawPatterns(folder: string, count: number, seed: number): Promise<void> {
  const random = new RandomState(seed);
  const [width, height] = [160, 120];
  for (const name of patternNames) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const [light, dark] = [random.uniform(150, 255, 3), random.uniform(0, 100, 3)];
      const [dx, dy] = [random.randint(12), random.randint(12)];
      const pixels = new Uint8Array(width * height * 3);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          pixels.set(patterns[name]!(x + dx, y + dy) ? light : dark, 3 * (y * width + x));
      await sharp(pixels, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 92 })
        .toFile(join(folder, name, `${i}.jpg`));
    }
  }
}
