import type { Orientation } from './orientation.js';

/** Kinds of files that are read. */
export type Format = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'bmp' | 'tiff' | 'netpbm';

/** Formats that are simple to decode, and that libraries and browsers decode otherwise than Pillow, or not at all. */
export const ownFormats = ['bmp', 'gif', 'netpbm'] as const satisfies Format[];
export type OwnFormat = (typeof ownFormats)[number];
export const isOwnFormat = (format: Format): format is OwnFormat => ownFormats.some((own) => own === format);

/** A picture's size and kind, as the first bytes of its file tell. */
export interface Header {
  readonly format: Format;
  /** Stored width in pixels, before any turning. */
  readonly width: number;
  readonly height: number;
  /** Which way is up, as EXIF or TIFF says. */
  readonly orientation: Orientation;
  /** How the file keeps colours. Palettes count as RGB. */
  readonly colour: 'grey' | 'rgb' | 'cmyk';
  /** Whether it has an alpha channel. */
  readonly alpha: boolean;
  /** Bits a sample: 1, 2, 4, 8, 10, 12, 16 or 32. */
  readonly depth: number;
  /** How TIFF keeps numbers; default: unsigned integers. */
  readonly numbers?: 'signed' | 'float';
  /** JPEG: in several passes, each finer than the one before. */
  readonly progressive?: boolean;
  /** Names a kind of picture that Jimp does not decode rightly, or at all. */
  readonly beyondJimp?: string;
}
