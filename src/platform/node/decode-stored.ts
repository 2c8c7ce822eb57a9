/** The libraries that decode, each behind the same function: bytes to samples as the file keeps them. */
import type { Channels, Levels, Samples } from '../../images/formats/convert-colour.js';
import { type Format, type Header, isOwnFormat } from '../../images/formats/header.js';
import { decodeOwn } from '../../images/formats/own-decoders.js';
import { decodePng } from '../../images/formats/png.js';
import { ImageError } from '../../images/image.js';
import { ResourceError, resourceError } from './system-error.js';

export type Decoder = 'auto' | 'sharp' | 'jimp';

type Sharp = typeof import('sharp').default;

/** @throws ImageError when the samples cannot be had. */
export async function decodeStored(
  bytes: Uint8Array,
  header: Header,
  { decoder, levels, channels }: { decoder: Decoder; levels: Levels; channels: Channels },
): Promise<Samples> {
  const { format } = header;
  if (isOwnFormat(format)) return orShortage(() => decodeOwn(bytes, format));
  const sharp = decoder === 'jimp' ? undefined : await loadSharp();
  if (decoder === 'sharp' && !sharp)
    throw new Error('Expected sharp. Received: a package that does not load here. Hint: use decoder `auto`.');
  try {
    return sharp
      ? await decodeWithSharp(sharp, bytes, header, { levels, channels })
      : await decodeWithoutSharp(bytes, header);
  } catch (cause) {
    throw cause instanceof ImageError ? cause : (shortageFor(header, cause) ?? explain(format, cause));
  }
}

/** Runs `decode`. @throws ResourceError where memory does not suffice */
function orShortage<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw resourceError(cause) ?? cause;
  }
}

/** The warning where sharp does not load. */
export const sharpIsMissing =
  "sharp does not load: Jimp decodes instead, several times slower, JPEGs in slightly other colours, WebP and TIFF not at all. Hint: reinstall with 'npm ci'.";

/** Whether pictures are decoded by sharp here. */
export const hasSharp = async (): Promise<boolean> => (await loadSharp()) !== undefined;

/**
 * Loads sharp on first use; the module cache keeps it. Its settings stay as they are: they hold for the whole process,
 * threads included, and so for the user's own pictures. Decoding one after the other, they change neither processor
 * time nor memory.
 *
 * @throws ResourceError where memory or file handles do not suffice to load it
 */
export const loadSharp = (): Promise<Sharp | undefined> =>
  import('sharp').then(
    ({ default: sharp }) => sharp,
    (error) => {
      const shortage = resourceError(error);
      if (shortage) throw shortage;
      return undefined;
    },
  );

async function decodeWithSharp(
  sharp: Sharp,
  bytes: Uint8Array,
  header: Header,
  { levels, channels }: { levels: Levels; channels: Channels },
): Promise<Samples> {
  const { colour, width, height } = header;
  const sampleType = sampleTypeOf(header, levels);
  const space = colourSpace(header, sampleType);
  const pipeline = sharp(bytes, {
    // libjpeg only warns of damage; checkJpeg has found that of the files that are not progressive. Warnings about
    // other formats are about harmless things, like a well-known mistake in a colour profile.
    failOn: header.format === 'jpeg' && header.progressive ? 'warning' : 'error',
    // Pillow leaves profiles alone.
    ignoreIcc: true,
    limitInputPixels: width * height,
    sequentialRead: true,
  });
  // Without this libvips would turn CMYK to RGB by a profile, and scale floats.
  if (colour === 'cmyk' || sampleType === 'float') pipeline.pipelineColourspace(space);
  if (channels !== 4) pipeline.removeAlpha();
  const { data, info } = await pipeline
    .toColourspace(space)
    .raw({ depth: sampleType })
    .toBuffer({ resolveWithObject: true });
  const samples = { uchar: Uint8Array, ushort: Uint16Array, float: Float32Array }[sampleType];
  return {
    width: info.width,
    height: info.height,
    channels: info.channels,
    data: new samples(data.buffer, data.byteOffset, data.byteLength / samples.BYTES_PER_ELEMENT),
    isUpright: header.format === 'avif',
  };
}

type SampleType = 'uchar' | 'ushort' | 'float';

/** Bytes wherever the upper 8 bits are all that is wanted, since libvips takes them as it goes, in little memory. */
function sampleTypeOf({ colour, alpha, depth, numbers }: Header, levels: Levels): SampleType {
  if (numbers === 'float' || depth > 16) return 'float';
  if (depth <= 8) return 'uchar';
  return colour === 'cmyk' || (colour === 'grey' && !alpha && levels === 'pillow') ? 'ushort' : 'uchar';
}

/**
 * The libvips name of the space that the samples are in, so that nothing is converted but 16 bits to their upper 8.
 * Grey of 16 bits gets there by way of RGB: libvips rounds it otherwise.
 */
function colourSpace({ colour, depth }: Header, sampleType: SampleType): string {
  if (colour === 'cmyk') return 'cmyk';
  if (colour === 'rgb' || (depth === 16 && sampleType === 'uchar')) return 'srgb';
  return sampleType === 'ushort' ? 'grey16' : 'b-w';
}

async function decodeWithoutSharp(bytes: Uint8Array, { format, beyondJimp }: Header): Promise<Samples> {
  if (beyondJimp)
    throw new ImageError('unsupported', `${beyondJimp}, which needs sharp`, { hint: 'install sharp.' });
  if (format === 'png') return decodePng(bytes);
  const { Jimp } = await import('jimp');
  const { width, height, data } = (await Jimp.fromBuffer(toBuffer(bytes))).bitmap;
  return {
    width,
    height,
    channels: 4,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    isConverted: true,
    isUpright: format === 'jpeg',
  };
}

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A decoder's complaint as a want of memory: some only say that it did not work. */
function shortageFor({ width, height }: Header, cause: unknown): ResourceError | undefined {
  const shortage = resourceError(cause);
  if (shortage) return shortage;
  try {
    new Uint8Array(4 * width * height);
    return undefined;
  } catch {
    return new ResourceError('memory', `${width}×${height} pixels`, { cause });
  }
}

/**
 * A decoder's complaint as a fault of the file.
 *
 * The words are our own: libvips words the same damage differently from run to run. Its own are kept as the cause.
 */
function explain(format: Format, cause: unknown): ImageError {
  const complaint = cause instanceof Error ? cause.message : String(cause);
  const name = `${format === 'avif' ? 'an' : 'a'} ${format.toUpperCase()}`;
  const missing = /(\S+ compression) support is not configured|(Unsupported .*)/i.exec(complaint);
  if (missing) return new ImageError('unsupported', `${name} (${missing[1] ?? missing[2]})`, { cause });
  if (/premature end|truncated|unexpected end|insufficient/i.test(complaint))
    return new ImageError('truncated', `${name} that ends early`, { cause });
  return new ImageError('damaged', `${name} whose data does not decode`, { cause });
}
