import { decodeImage, encodeImage, readFile, writeFile } from '#platform';
import { ValueError } from '../../errors.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import { encodeIntegerTiff } from '../../images/formats/integer-tiff.js';
import type { Image } from '../../images/image.js';
import { type Interpolation, resize } from '../../images/resample/resample.js';
import { named, refuseOthers } from '../../named-options.js';
import type { Warn } from '../callbacks/callback.js';
import { warnOfClipping } from './clipping.js';

/** How many channels a picture is read with: 1, 3 or 4. */
export type ColorMode = 'grayscale' | 'rgb' | 'rgba';

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

export type { Image, Interpolation };

export interface LoadImgOptions {
  /** Whether the picture is read grey, in colour, or with transparency. Default: `rgb`. */
  colorMode?: ColorMode;
  /** Height and width in pixels that the picture is stretched to. Default: its own. */
  targetSize?: Size | null;
  /** How the picture is stretched. Default: `nearest`. */
  interpolation?: Interpolation;
  /** Cuts the picture to the proportions of `targetSize` first, about its centre. Default: false. */
  keepAspectRatio?: boolean;
  /** Turns the picture upright as its EXIF data says. Default: false, as in Keras. */
  exif?: boolean;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
}

/**
 * Reads a picture: `keras.utils.load_img`.
 *
 * Grey of 16 bits and floats are clipped to 0–255, as Pillow does for Keras; `warn` hears of pictures that lose by it.
 *
 * @param source where the picture is, or its bytes
 * @returns pixels as H × W × channels bytes; `imgToArray` makes floats of them
 * @throws ImageError when it is no picture, ValueError when an option is none of Keras's
 *
 * @example
 * const x = imgToArray(await loadImg('cat.jpg', { targetSize: [224, 224] }));
 */
export async function loadImg(source: string | Uint8Array, options: LoadImgOptions = {}): Promise<Image> {
  const {
    colorMode = 'rgb',
    targetSize = null,
    interpolation = 'nearest',
    keepAspectRatio = false,
    exif = false,
    warn = (message: string) => console.warn(message),
    ...others
  } = named(options, 'loadImg');
  refuseOthers(others, 'loadImg', (probe) => loadImg(source, probe));
  const channels = channelsOf(colorMode);
  const bytes = typeof source === 'string' ? await readFile(source) : source;
  try {
    const image = await decodeImage(bytes, { channels, exif, levels: 'pillow' });
    if (image.isClipped) warnOfClipping(typeof source === 'string' ? source : undefined, warn);
    return targetSize ? fit(image, targetSize, { interpolation, keepAspectRatio }) : image;
  } catch (error) {
    if (typeof source === 'string' && error instanceof Error) error.message = `${source}: ${error.message}`;
    throw error;
  }
}

/** @throws ValueError when `colorMode` is none of Keras's */
export function channelsOf(colorMode: ColorMode): 1 | 3 | 4 {
  const channels = { grayscale: 1, rgb: 3, rgba: 4 } as const;
  if (!Object.hasOwn(channels, colorMode))
    throw new ValueError('colorMode must be "grayscale", "rgb", or "rgba"');
  return channels[colorMode];
}

const interpolations = ['nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'];

function fit(
  image: Image,
  [height, width]: Size,
  { interpolation, keepAspectRatio }: { interpolation: Interpolation; keepAspectRatio: boolean },
): Image {
  if (image.height === height && image.width === width) return image;
  if (!interpolations.includes(interpolation))
    throw new ValueError(
      `Invalid interpolation method ${interpolation} specified. Supported methods are ${interpolations.join(', ')}`,
    );
  const box = keepAspectRatio ? centreBox(image, [height, width]) : undefined;
  return resize(image, { size: [height, width], interpolation, box });
}

/** The largest box of the target's proportions about the centre: left, top, right, bottom. */
function centreBox({ width, height }: Image, [targetHeight, targetWidth]: Size) {
  const boxHeight = Math.min(height, Math.floor((width * targetHeight) / targetWidth));
  const boxWidth = Math.min(width, Math.floor((height * targetWidth) / targetHeight));
  const top = Math.floor((height - boxHeight) / 2);
  const left = Math.floor((width - boxWidth) / 2);
  return [left, top, left + boxWidth, top + boxHeight] as const;
}

/** A grey picture whose levels go beyond a byte: Pillow's mode "I". */
export interface IntegerImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1;
  readonly data: Int32Array;
}

/** A picture's levels as floats, float32 (H, W, C): `keras.utils.img_to_array`. */
export const imgToArray = ({ data, height, width, channels }: Image | IntegerImage): Tensor<'float32'> =>
  float32(new Float32Array(data), [height, width, channels]);

export interface ArrayToImgOptions {
  /** Stretches the values to 0–255 first. Default: true. */
  scale?: boolean;
}

/**
 * Floats as a picture's levels: `keras.utils.array_to_img`. Fractions are cut off, as NumPy casts.
 *
 * @param x (H, W, C) with 1, 3 or 4 channels
 * @returns bytes; 32-bit integers where grey levels exceed 255, which they may without `scale`
 * @throws ValueError when the rank or the number of channels is another
 */
export function arrayToImg(x: Tensor, options: ArrayToImgOptions = {}): Image | IntegerImage {
  const { scale = true, ...others } = named(options, 'arrayToImg');
  refuseOthers(others, 'arrayToImg', (probe) => arrayToImg(x, probe));
  if (scale || x.dims[2] !== 1 || !x.data.some((level) => level > 255)) return toByteImage(x, scale);
  const [height, width] = checkImage(x);
  return { height, width, channels: 1, data: Int32Array.from(x.data as Float32Array, toInt32) };
}

/** The number without its fraction; beyond 32 bits the least of them, as NumPy's cast has it. */
const toInt32 = (value: number): number => (Math.abs(value) < 2 ** 31 ? value : -(2 ** 31));

/**
 * Floats as a picture's bytes. Levels beyond them keep their lowest eight bits, as NumPy's cast does.
 *
 * @param scale stretches the values to 0–255 first
 */
export function toByteImage(x: Tensor, scale: boolean): Image {
  const [height, width, channels] = checkImage(x);
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ValueError(`Unsupported channel number: ${channels}`);
  const values = new Float32Array(x.data as Float32Array);
  if (scale) stretch(values);
  return { height, width, channels, data: new Uint8Array(values) };
}

/** Stretches values to 0–255, in float32 as Keras does. */
function stretch(values: Float32Array): void {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const above = values.map((value) => value - low);
  const high = above.reduce((a, b) => Math.max(a, b), 0) || 1;
  values.set(above.map((value) => Math.fround(value / high) * 255));
}

export interface SaveImgOptions {
  /** `png`, `jpeg`, `bmp` …. Default: by the path's ending. */
  fileFormat?: string | null;
  /** Stretches the values to 0–255 first. Default: true. */
  scale?: boolean;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
}

/**
 * Writes an array (H, W, C) as a picture: `keras.utils.save_img`.
 *
 * Grey levels above 255, which there may be without `scale`, are kept in TIFF, clipped in GIF and WebP, and refused
 * elsewhere, as Pillow does.
 */
export async function saveImg(path: string, x: Tensor, options: SaveImgOptions = {}): Promise<void> {
  const {
    fileFormat = null,
    scale = true,
    warn = (message: string) => console.warn(message),
    ...others
  } = named(options, 'saveImg');
  refuseOthers(others, 'saveImg', (probe) => saveImg(path, x, probe));
  const ending = (fileFormat ?? /\.([^./\\]+)$/.exec(path)?.[1] ?? '').toLowerCase();
  const format = ending === 'jpg' ? 'jpeg' : ending;
  const image = arrayToImg(x, { scale });
  if (image.channels === 4 && format === 'jpeg')
    warn('The JPEG format does not support RGBA images, converting to RGB.');
  await writeFile(path, await encode(image, format));
}

/** @throws ValueError for levels that the format cannot hold, in Pillow's words */
async function encode(image: Image | IntegerImage, format: string): Promise<Uint8Array> {
  if (!isInteger(image)) return encodeImage(format === 'jpeg' ? withoutAlpha(image) : image, format);
  if (['png', 'jpeg', 'bmp'].includes(format))
    throw new ValueError(
      `cannot write mode I as ${format.toUpperCase()}. Hint: levels exceed 255; scale them, or write a TIFF.`,
    );
  return format === 'tiff' || format === 'tif'
    ? encodeIntegerTiff(image)
    : encodeImage({ ...image, data: Uint8Array.from(new Uint8ClampedArray(image.data)) }, format);
}

const isInteger = (image: Image | IntegerImage): image is IntegerImage => image.data instanceof Int32Array;

function withoutAlpha(image: Image): Image {
  if (image.channels !== 4) return image;
  return { ...image, channels: 3, data: image.data.filter((_, i) => i % 4 !== 3) };
}

/** @throws ValueError when `x` is no single picture */
export function checkImage(x: Tensor): [height: number, width: number, channels: number] {
  if (x.dims.length !== 3)
    throw new ValueError(
      `Expected image array to have rank 3 (single image). Got array with shape: (${x.dims.join(', ')})`,
    );
  return x.dims as unknown as [number, number, number];
}
