import type { UniformScaling } from '../../graph/preprocessing.js';
import { float32 } from '../../graph/tensor.js';
import { floatRepr } from '../python/format.js';
import type { ImageTransformer } from './image-transformer.js';

/** Levels that tell the channels apart. */
const probe: Colour = [40, 90, 200];

/**
 * How a generator scales RGB pictures, found by scaling three small ones; `null` where that is no `UniformScaling`, since it
 * depends on the pictures (`samplewiseCenter`, `featurewiseCenter`, …) or differs between channels.
 */
export function describeScaling(generator: ImageTransformer): UniformScaling | null {
  const { samplewiseCenter, featurewiseCenter, zcaWhitening, preprocessingFunction, rescale } =
    generator.options;
  if (samplewiseCenter || featurewiseCenter || zcaWhitening) return null;
  if (!preprocessingFunction) return { channels: 'RGB', mean: [0, 0, 0], scale: rescale || 1 };
  const black = scale(generator, [0, 0, 0]);
  const white = scale(generator, [255, 255, 255]);
  const coloured = scale(generator, probe);
  if (!black || !white || !coloured) return null;
  const factor = (white[0] - black[0]) / 255;
  if (factor === 0) return null;
  const tolerance = 1e-4 * Math.abs(factor * 255);
  /** Whether levels are scaled by the factor, from the values of black on. */
  const fits = (values: Colour, [first, second, third]: Colour) =>
    isNear(values[0], black[0] + first * factor, tolerance) &&
    isNear(values[1], black[1] + second * factor, tolerance) &&
    isNear(values[2], black[2] + third * factor, tolerance);
  if (!fits(white, [255, 255, 255])) return null;
  const [red, green, blue] = probe;
  const channels = fits(coloured, probe) ? 'RGB' : fits(coloured, [blue, green, red]) ? 'BGR' : null;
  const meanOf = (value: number) => rounded(-value / factor);
  return (
    channels && {
      channels,
      mean: [meanOf(black[0]), meanOf(black[1]), meanOf(black[2])],
      scale: Number(factor.toPrecision(7)),
    }
  );
}

type Colour = readonly [red: number, green: number, blue: number];

const isNear = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;

/**
 * The warning for a generator that feeds a network trained with another scaling; `null` where they agree, or the
 * generator's is not known.
 */
export function scalingWarning(generator: ImageTransformer, expected: UniformScaling): string | null {
  const found = describeScaling(generator);
  if (!found) return null;
  const tolerance = 1e-3 * Math.abs(expected.scale * 255);
  const agrees = (channel: 0 | 1 | 2) =>
    isNear(black(found, channel), black(expected, channel), tolerance) &&
    isNear(white(found, channel), white(expected, channel), tolerance);
  if (found.channels === expected.channels && agrees(0) && agrees(1) && agrees(2)) return null;
  return (
    `Expected pictures scaled as the pretrained weights were trained with: ${inWords(expected)}. ` +
    `Received: ${inWords(found)} from the ImageDataGenerator. ` +
    'Hint: pass `preprocessingFunction: preprocessInput` in place of `rescale`, or train on knowingly.'
  );
}

/** The colour in the middle of a scaled picture of one colour; `null` where the user's function refuses it. */
function scale(generator: ImageTransformer, colour: Colour): Colour | null {
  const size = 8;
  const levels = new Float32Array(size * size * 3);
  for (let i = 0; i < levels.length; i += 3) levels.set(colour, i);
  try {
    const { data, dims } = generator.standardize(float32(levels, [size, size, 3]));
    if (dims.join() !== `${size},${size},3`) return null;
    const middle = (size / 2) * (size + 1) * 3;
    return [...data.subarray(middle, middle + 3)] as unknown as Colour;
  } catch {
    return null;
  }
}

/** A level without the rounding errors of float32: 103.939, not 103.93900299. */
const rounded = (level: number): number => Number(level.toFixed(3)) || 0;

/** The value that black, or white, becomes in a channel. */
const black = ({ mean, scale }: UniformScaling, channel: 0 | 1 | 2): number => -mean[channel] * scale;
const white = ({ mean, scale }: UniformScaling, channel: 0 | 1 | 2): number => (255 - mean[channel]) * scale;

function inWords(scaling: UniformScaling): string {
  const format = (value: number) => floatRepr(Number(value.toFixed(3)) || 0);
  const { channels, mean } = scaling;
  const [low, high] = [black(scaling, 0), white(scaling, 0)];
  const isAsFirst = (channel: 1 | 2) =>
    isNear(black(scaling, channel), low, 1e-3) && isNear(white(scaling, channel), high, 1e-3);
  if (isAsFirst(1) && isAsFirst(2)) return `${channels} in [${format(low)}, ${format(high)}]`;
  const times = scaling.scale === 1 ? '' : ` times ${format(scaling.scale)}`;
  return `${channels} minus (${mean.map(format).join(', ')})${times}`;
}
