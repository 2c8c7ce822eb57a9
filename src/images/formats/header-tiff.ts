import { ImageError } from '../image.js';
import type { Header } from './header.js';
import { toOrientation } from './orientation.js';

const tag = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  orientation: 274,
  samplesPerPixel: 277,
  extraSamples: 338,
  sampleFormat: 339,
};
const photometric = { whiteIsZero: 0, blackIsZero: 1, separated: 5, ycbcr: 6, lab: 8 };
/** SampleFormat, where it is none of unsigned integers. */
const sampleFormats: Readonly<Record<number, 'signed' | 'float'>> = { 2: 'signed', 3: 'float' };
/** Decoders turn these YCbCr pictures to RGB; others they leave as they are. */
const jpegCompressions = [6, 7];
/** Bytes of each field type that is read here: BYTE, SHORT, LONG, LONG8. */
const typeSizes: Record<number, 1 | 2 | 4 | 8> = { 1: 1, 3: 2, 4: 4, 16: 8 };

/** TIFF 6.0 and BigTIFF: the first directory. */
export function readTiffHeader(view: DataView): Header {
  const little = view.getUint16(0) === 0x4949;
  const big = view.getUint16(2, little) === 43;
  const offset = (at: number) => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const directory = offset(big ? 8 : 4);
  const count = big ? Number(view.getBigUint64(directory, little)) : view.getUint16(directory, little);
  const first = directory + (big ? 8 : 2);
  const fields = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const entry = first + i * (big ? 20 : 12);
    const size = typeSizes[view.getUint16(entry + 2, little)];
    if (!size) continue;
    const valueAt = entry + (big ? 12 : 8);
    const length = size * offset(entry + 4);
    const at = length > (big ? 8 : 4) ? offset(valueAt) : valueAt;
    fields.set(view.getUint16(entry, little), readValue(view, at, size, little));
  }
  const kind = fields.get(tag.photometric);
  const compression = fields.get(tag.compression) ?? 1;
  const width = fields.get(tag.width);
  const height = fields.get(tag.height);
  if (width === undefined || height === undefined) throw new ImageError('damaged', 'a TIFF without a size');
  if (kind === photometric.lab || (kind === photometric.ycbcr && !jpegCompressions.includes(compression)))
    throw new ImageError('unsupported', `a TIFF of ${kind === photometric.lab ? 'L*a*b*' : 'YCbCr'} colours`);
  const depth = fields.get(tag.bitsPerSample) ?? 1;
  const numbers = sampleFormats[fields.get(tag.sampleFormat) ?? 1];
  const samples = fields.get(tag.samplesPerPixel) ?? 1;
  if (numbers === 'float' ? depth !== 32 || samples > 1 : depth > 32)
    throw new ImageError(
      'unsupported',
      `a TIFF of ${samples} × ${depth} bits a pixel${numbers === 'float' ? ', as floats' : ''}`,
      { hint: 'save it with 8 or 16 bits a sample.' },
    );
  return {
    format: 'tiff',
    width,
    height,
    orientation: toOrientation(fields.get(tag.orientation) ?? 1),
    colour:
      kind === photometric.separated
        ? 'cmyk'
        : kind === photometric.whiteIsZero || kind === photometric.blackIsZero
          ? 'grey'
          : 'rgb',
    alpha: fields.has(tag.extraSamples),
    depth,
    numbers,
    // Jimp takes gigabytes, or for ever, over a damaged TIFF, and turns most compressed ones into garbage.
    beyondJimp: 'a TIFF',
  };
}

const readValue = (view: DataView, at: number, size: 1 | 2 | 4 | 8, little: boolean): number => {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, little);
  return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
};
