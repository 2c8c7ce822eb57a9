import type { Image } from '../../src/images/image.js';

/** Pixels that look random and that `noise` in test/parity/images.py makes, too. */
export function noise(height: number, width: number, channels: Image['channels'], seed: number): Image {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + Math.imul(seed, 40503)) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 2246822519);
    return x >>> 24;
  });
  return { width, height, channels, data };
}

/** Numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
