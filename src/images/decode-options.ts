import type { Channels, Levels } from './formats/convert-colour.js';
import type { Header } from './formats/header.js';
import type { Image } from './image.js';

/** How picture files become pixels, on every platform. */
export interface DecodeRules {
  /** Turn the picture upright as its EXIF data says. TIFFs are always turned, as in Pillow. Default: true. */
  exif?: boolean;
  /** The most pixels a picture may have; asked before it is decoded. Default: 100 megapixels. */
  maxPixels?: number;
  /** 3: RGB, 4: RGBA, 1: grey by Pillow's `convert('L')`. Default: 3. */
  channels?: Channels;
  /**
   * How 16-bit and float samples become bytes: `scaled` keeps the whole range, `pillow` clips grey as Pillow does, and
   * is for Keras's functions alone. Default: `scaled`.
   */
  levels?: Levels;
}

export interface DecodedImage extends Image, Pick<Header, 'format' | 'orientation'> {
  /** Whether `levels: 'pillow'` lost levels that `scaled` would have kept. */
  readonly isClipped: boolean;
}
