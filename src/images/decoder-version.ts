/**
 * Goes up whenever a picture file may decode to other pixels than before, so that features computed from the old ones
 * are not used again. 2: 16-bit grey and floats are scaled; AVIF is read.
 */
export const decoderVersion = 2;
