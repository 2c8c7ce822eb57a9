import { ValueError } from '../../errors.js';
import type { Scaling } from '../../graph/preprocessing.js';
import type { FillMode, SplineOrder } from '../../images/affine.js';
import { withDefaults } from '../../named-options.js';
import type { Warn } from '../callbacks/callback.js';
import type { ImageArray } from './transform.js';

/** A shift: a fraction of the side below 1, pixels from 1 on, or a list of either to choose from. */
export type ShiftRange = number | readonly number[];

/** The options of `ImageDataGenerator`, with Keras's defaults. */
export interface ImageDataGeneratorOptions {
  /** Subtracts each channel's mean over the pictures that `fit` has seen. Default: false. */
  featurewiseCenter?: boolean;
  /** Subtracts each picture's own mean. Default: false. */
  samplewiseCenter?: boolean;
  /** Divides by each channel's deviation over the pictures that `fit` has seen. Default: false. */
  featurewiseStdNormalization?: boolean;
  /** Divides by each picture's own deviation. Default: false. */
  samplewiseStdNormalization?: boolean;
  /** Decorrelates the pixels, as `fit` has learnt to. Default: false. */
  zcaWhitening?: boolean;
  /** Added to the singular values that `zcaWhitening` divides by. Default: 1e-6. */
  zcaEpsilon?: number;
  /** The greatest rotation either way, in degrees. Default: 0. */
  rotationRange?: number;
  /**
   * The greatest shift of columns either way. A whole number is Python's `int`: pixels chosen from `0 … n − 1`.
   * Default: 0.
   */
  widthShiftRange?: ShiftRange;
  /** The same for rows. Default: 0. */
  heightShiftRange?: ShiftRange;
  /** The least and the greatest factor of brightness. Default: none. */
  brightnessRange?: readonly [number, number] | null;
  /** The greatest shear either way, in degrees. Default: 0. */
  shearRange?: number;
  /** The greatest zoom either way, or the least and the greatest. Default: 0. */
  zoomRange?: number | readonly [number, number];
  /** The greatest shift of all levels either way. Default: 0. */
  channelShiftRange?: number;
  /** How pixels beyond the edges are made. Default: `nearest`. */
  fillMode?: FillMode;
  /** The level that `constant` fills with. Default: 0. */
  cval?: number;
  /** Mirrors every other picture left to right. Default: false. */
  horizontalFlip?: boolean;
  /** Mirrors every other picture top to bottom. Default: false. */
  verticalFlip?: boolean;
  /** A factor for all levels, after `preprocessingFunction`. Default: none. */
  rescale?: number | null;
  /** Changes each picture (H, W, C) after it was transformed, and before anything else. Default: none. */
  preprocessingFunction?: ((image: ImageArray) => ImageArray) | null;
  /** The share of the pictures that `subset: 'validation'` takes. Default: 0. */
  validationSplit?: number;
  /** The degree of the spline that transforms interpolate with. Default: 1. */
  interpolationOrder?: SplineOrder;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
}

/** Options that reach another thread. */
export interface PlainOptions extends Omit<ImageDataGeneratorOptions, 'warn' | 'preprocessingFunction'> {
  /** The scaling of `preprocessingFunction`, if there is one. */
  readonly scaling: Scaling | null;
}

type Settings = Required<ImageDataGeneratorOptions>;

/** Keras's defaults. */
const defaults = (): Settings => ({
  featurewiseCenter: false,
  samplewiseCenter: false,
  featurewiseStdNormalization: false,
  samplewiseStdNormalization: false,
  zcaWhitening: false,
  zcaEpsilon: 1e-6,
  rotationRange: 0,
  widthShiftRange: 0,
  heightShiftRange: 0,
  brightnessRange: null,
  shearRange: 0,
  zoomRange: 0,
  channelShiftRange: 0,
  fillMode: 'nearest',
  cval: 0,
  horizontalFlip: false,
  verticalFlip: false,
  rescale: null,
  preprocessingFunction: null,
  validationSplit: 0,
  interpolationOrder: 1,
  warn: (message) => console.warn(message),
});

/**
 * Fills in defaults, and settles options that contradict each other as Keras does.
 *
 * @returns the settings, and warnings in Keras's words
 */
export function checkOptions(options: ImageDataGeneratorOptions): { settings: Settings; warnings: string[] } {
  const settings = withDefaults(defaults(), options, 'ImageDataGenerator');
  const warnings: string[] = [];
  checkRanges(settings);
  const { featurewiseCenter, featurewiseStdNormalization } = settings;
  if (settings.zcaWhitening) {
    if (!featurewiseCenter) {
      settings.featurewiseCenter = true;
      warnings.push(
        'This ImageDataGenerator specifies `zca_whitening`, which overrides setting of `featurewise_center`.',
      );
    }
    if (featurewiseStdNormalization) {
      settings.featurewiseStdNormalization = false;
      warnings.push(
        'This ImageDataGenerator specifies `zca_whitening` which overrides setting of`featurewise_std_normalization`.',
      );
    }
  }
  if (featurewiseStdNormalization && !featurewiseCenter) {
    settings.featurewiseCenter = true;
    warnings.push(
      'This ImageDataGenerator specifies `featurewise_std_normalization`, which overrides setting of `featurewise_center`.',
    );
  }
  if (settings.samplewiseStdNormalization && !settings.samplewiseCenter) {
    settings.samplewiseCenter = true;
    warnings.push(
      'This ImageDataGenerator specifies `samplewise_std_normalization`, which overrides setting of `samplewise_center`.',
    );
  }
  return { settings, warnings };
}

/** Least and greatest zoom. */
export const toZoomRange = (range: Settings['zoomRange']): readonly [number, number] =>
  typeof range === 'number' ? [1 - range, 1 + range] : [range[0], range[1]];

function checkRanges({
  zoomRange,
  brightnessRange,
  validationSplit,
  fillMode,
  interpolationOrder,
}: Settings): void {
  const isPair = (range: unknown) =>
    Array.isArray(range) && range.length === 2 && range.every((value) => typeof value === 'number');
  if (typeof zoomRange !== 'number' && !isPair(zoomRange))
    throw new ValueError(
      `\`zoomRange\` should be a float or a tuple or list of two floats. Received: ${zoomRange}`,
    );
  if (brightnessRange !== null && !isPair(brightnessRange))
    throw new ValueError(
      `\`brightnessRange\` should be a tuple or list of two floats. Received: ${brightnessRange}`,
    );
  if (validationSplit !== 0 && !(validationSplit > 0 && validationSplit < 1))
    throw new ValueError(
      `\`validationSplit\` must be strictly between 0 and 1. Received: ${validationSplit}`,
    );
  if (!['constant', 'nearest', 'reflect', 'wrap'].includes(fillMode))
    throw new ValueError(
      `Expected \`fillMode\` to be 'constant', 'nearest', 'reflect' or 'wrap'. Received: '${fillMode}'.`,
    );
  if (![0, 1, 2, 3, 4, 5].includes(interpolationOrder))
    throw new ValueError(
      `Expected \`interpolationOrder\` to be a whole number from 0 to 5. Received: ${interpolationOrder}.`,
    );
}
