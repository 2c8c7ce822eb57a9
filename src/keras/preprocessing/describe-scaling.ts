import type { UniformScaling } from '../../graph/preprocessing.js';
import { float32 } from '../../graph/tensor.js';
import { floatRepr } from '../python/format.js';
import type { ImageTransformer } from './image-transformer.js';

/** Levels that tell the channels apart. */
const probe = [40, 90, 200] as const;

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
  const [factor] = white.map((value, i) => (value - black[i]!) / 255) as [number];
  if (factor === 0) return null;
  for (const channels of ['RGB', 'BGR'] as const) {
    const levels = channels === 'RGB' ? probe : [...probe].reverse();
    const expected = levels.map((level, i) => black[i]! + level * factor);
    const matches = (a: readonly number[], b: readonly number[]) =>
      a.every((value, i) => Math.abs(value - b[i]!) <= 1e-4 * Math.abs(factor * 255));
    if (
      !matches(coloured, expected) ||
      !matches(
        white,
        black.map((value) => value + 255 * factor),
      )
    )
      continue;
    const mean = black.map((value) => rounded(-value / factor)) as [number, number, number];
    return { channels, mean, scale: Number(factor.toPrecision(7)) };
  }
  return null;
}

/**
 * What to warn of when a generator feeds a network that was trained with another scaling; `null` where they agree or
 * the generator's is not known.
 */
export function scalingWarning(generator: ImageTransformer, expected: UniformScaling): string | null {
  const found = describeScaling(generator);
  if (!found) return null;
  const [is, wanted] = [rangeOf(found), rangeOf(expected)];
  const agrees =
    found.channels === expected.channels &&
    is.every((value, i) => Math.abs(value - wanted[i]!) <= 1e-3 * Math.abs(expected.scale * 255));
  if (agrees) return null;
  return (
    `Expected pictures scaled as the pretrained weights were trained with: ${inWords(expected)}. ` +
    `Received: ${inWords(found)} from the ImageDataGenerator. ` +
    'Hint: pass `preprocessingFunction: preprocessInput` in place of `rescale`, or train on knowingly.'
  );
}

/** What a picture of one colour becomes, in the picture's middle; `null` where the user's function refuses it. */
function scale(generator: ImageTransformer, colour: readonly number[]): number[] | null {
  const size = 8;
  const levels = Float32Array.from({ length: size * size * 3 }, (_, i) => colour[i % 3]!);
  try {
    const { data, dims } = generator.standardize(float32(levels, [size, size, 3]));
    if (dims.join() !== `${size},${size},3`) return null;
    const middle = (size / 2) * (size + 1) * 3;
    return Array.from(data.subarray(middle, middle + 3));
  } catch {
    return null;
  }
}

/** Levels to within what float32 tells apart: 103.939, not 103.93900299. */
const rounded = (level: number): number => Number(level.toFixed(3)) || 0;

/** What black and white become in each channel. */
const rangeOf = ({ mean, scale }: UniformScaling): number[] =>
  mean.flatMap((level) => [-level * scale, (255 - level) * scale]);

function inWords(scaling: UniformScaling): string {
  const format = (value: number) => floatRepr(Number(value.toFixed(3)) || 0);
  const [low, high, ...others] = rangeOf(scaling);
  const sameForAll = others.every((value, i) => Math.abs(value - [low!, high!][i % 2]!) < 1e-3);
  const { channels, mean } = scaling;
  return sameForAll
    ? `${channels} in [${format(low!)}, ${format(high!)}]`
    : `${channels} minus (${mean.map(format).join(', ')})${scaling.scale === 1 ? '' : ` times ${format(scaling.scale)}`}`;
}
