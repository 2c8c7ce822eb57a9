import type { Warn } from '../callbacks/callback.js';

/** Says that a picture lost levels by Pillow's rule, which Keras follows. */
export function warnOfClipping(path: string | undefined, warn: Warn): void {
  warn(
    `${path ?? 'A picture'} has more than 8 bits a sample and was clipped to 0–255, as in Keras, which turns most such pictures white or black. Hint: save it with 8 bits.`,
  );
}

/** Passes the first warning on, and says that it stands for those that follow. */
export function firstOnly(warn: Warn): Warn {
  let isFirst = true;
  return (message) => {
    if (isFirst) warn(`${message} Others like it are not mentioned.`);
    isFirst = false;
  };
}
