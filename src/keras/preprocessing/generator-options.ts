import { ValueError } from '../../errors.js';
import type { ImageDataGeneratorOptions } from './image-data-generator.js';

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
 * Fills in what the options leave out, and settles those that contradict each other as Keras does.
 *
 * @returns the settings, and what the user should be warned of, in Keras's words
 */
export function checkOptions(options: ImageDataGeneratorOptions): { settings: Settings; warnings: string[] } {
  const settings = { ...defaults(), ...definedOf(options) };
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

/** Without the keys whose value is `undefined`, which would hide the defaults. */
const definedOf = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
