import type { Scaling } from '../../graph/preprocessing.js';
import { float32 } from '../../graph/tensor.js';
import { floatRepr } from '../python/format.js';
import type { ImageTransformer } from './image-transformer.js';

/** Levels that tell the channels apart. */
const probe: Colour = [40, 90, 200];

/**
 * How a generator scales RGB pictures, found by scaling three small ones; `null` where that is no `Scaling`, since it
 * depends on the pictures (`samplewiseCenter`, `featurewiseCenter`, …).
 */
export function describeScaling(generator: ImageTransformer): Scaling | null {
  const { samplewiseCenter, featurewiseCenter, zcaWhitening, preprocessingFunction, rescale } =
    generator.options;
  if (samplewiseCenter || featurewiseCenter || zcaWhitening) return null;
  if (!preprocessingFunction) return { channels: 'RGB', mean: [0, 0, 0], scale: rescale || 1 };
  const black = scale(generator, [0, 0, 0]);
  const white = scale(generator, [255, 255, 255]);
  const coloured = scale(generator, probe);
  if (!black || !white || !coloured) return null;
  const factors = each((channel) => (white[channel] - black[channel]) / 255);
  if (factors.includes(0)) return null;
  /** Whether levels are scaled by the factors, from the values of black on. */
  const fits = (values: Colour, levels: Colour) =>
    channels.every((channel) => {
      const factor = factors[channel];
      const tolerance = 1e-4 * Math.abs(factor * 255);
      return isNear(values[channel], black[channel] + levels[channel] * factor, tolerance);
    });
  if (!fits(white, [255, 255, 255])) return null;
  const [red, green, blue] = probe;
  const order = fits(coloured, probe) ? 'RGB' : fits(coloured, [blue, green, red]) ? 'BGR' : null;
  const isUniform = factors.every((factor) => isNear(factor, factors[0], 1e-4 * Math.abs(factors[0])));
  const written = each((channel) => Number(factors[channel].toPrecision(7)));
  return (
    order && {
      channels: order,
      mean: each((channel) => rounded(-black[channel] / factors[channel])),
      scale: isUniform ? written[0] : written,
    }
  );
}

const channels = [0, 1, 2] as const;
type Channel = (typeof channels)[number];
const each = (make: (channel: Channel) => number) => [make(0), make(1), make(2)] as const;

type Colour = readonly [red: number, green: number, blue: number];

const isNear = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;

/**
 * The warning for a generator that feeds a network trained with another scaling; `null` where they agree, or the
 * generator's is not known.
 */
export function scalingWarning(generator: ImageTransformer, expected: Scaling): string | null {
  const found = describeScaling(generator);
  if (!found) return null;
  const agrees = (channel: Channel) => {
    const tolerance = 1e-3 * Math.abs(factorOf(expected, channel) * 255);
    return (
      isNear(black(found, channel), black(expected, channel), tolerance) &&
      isNear(white(found, channel), white(expected, channel), tolerance)
    );
  };
  if (found.channels === expected.channels && channels.every(agrees)) return null;
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
const black = (scaling: Scaling, channel: Channel): number =>
  -scaling.mean[channel] * factorOf(scaling, channel);
const white = (scaling: Scaling, channel: Channel): number =>
  (255 - scaling.mean[channel]) * factorOf(scaling, channel);
const factorOf = ({ scale }: Scaling, channel: Channel): number =>
  typeof scale === 'number' ? scale : scale[channel];

function inWords(scaling: Scaling): string {
  const format = (value: number) => floatRepr(Number(value.toFixed(3)) || 0);
  const { channels: order, mean, scale } = scaling;
  const [low, high] = [black(scaling, 0), white(scaling, 0)];
  const isAsFirst = (channel: Channel) =>
    isNear(black(scaling, channel), low, 1e-3) && isNear(white(scaling, channel), high, 1e-3);
  if (isAsFirst(1) && isAsFirst(2)) return `${order} in [${format(low)}, ${format(high)}]`;
  const times =
    scale === 1
      ? ''
      : ` times ${typeof scale === 'number' ? format(scale) : `(${scale.map(format).join(', ')})`}`;
  return `${order} minus (${mean.map(format).join(', ')})${times}`;
}
