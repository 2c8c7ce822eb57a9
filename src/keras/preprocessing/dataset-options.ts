import { print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import type { InterpolationMethod } from '../../images/resample/interpolate.js';
import { named, refuseOthers } from '../../named-options.js';
import type { Print } from '../callbacks/callback.js';
import { type ColorMode, channelsOf, type Size } from './image.js';

/** The options of `imageDatasetFromDirectory`, with Keras's defaults. */
export interface DatasetOptions {
  /** `inferred` from the folders, none, or one whole number a file in Python's order of the paths. Default: `inferred`. */
  labels?: 'inferred' | readonly number[] | null;
  /** Indices as int32 (N), rows with a one (N, C), float32 (N, 1), or none. Default: `int`. */
  labelMode?: 'int' | 'categorical' | 'binary' | null;
  /** The folders to read, in the order of their indices. Default: all, in Python's order. */
  classNames?: readonly string[] | null;
  /** Whether pictures are read grey, in colour, or with transparency. Default: `rgb`. */
  colorMode?: ColorMode;
  /** Pictures a batch; `null` yields one at a time, without the axis of the batch. Default: 32. */
  batchSize?: number | null;
  /** Height and width in pixels that pictures are stretched to. Default: 256 by 256. */
  imageSize?: Size;
  /** Whether files are shuffled, once and before each pass. Default: true. */
  shuffle?: boolean;
  /** Makes the order repeatable; `null` draws from the process-wide stream. Default: `null`. */
  seed?: number | null;
  /** The share of the pictures that is kept for validation. Default: none. */
  validationSplit?: number | null;
  /** The part to read, with `validationSplit`. Default: none. */
  subset?: 'training' | 'validation' | 'both' | null;
  /** How pictures are stretched. Default: `bilinear`. */
  interpolation?: InterpolationMethod;
  /** Walks into linked folders, too. Default: false. */
  followLinks?: boolean;
  /** Cuts pictures to the proportions of `imageSize` first. Default: false. */
  cropToAspectRatio?: boolean;
  /** Fills up pictures to the proportions of `imageSize` with black. Default: false. */
  padToAspectRatio?: boolean;
  /** Says how many files were found. Default: true. */
  verbose?: boolean;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/** Fills in defaults. @throws ValueError when an option is none of Keras's or contradicts another */
export function checkDatasetOptions(options: DatasetOptions): Required<DatasetOptions> {
  const {
    labels = 'inferred',
    labelMode: wantedMode = 'int',
    classNames = null,
    colorMode = 'rgb',
    batchSize = 32,
    imageSize = [256, 256],
    shuffle = true,
    seed = null,
    validationSplit = null,
    subset = null,
    interpolation = 'bilinear',
    followLinks = false,
    cropToAspectRatio = false,
    padToAspectRatio = false,
    verbose = true,
    print = printToConsole,
    ...others
  } = named(options, 'imageDatasetFromDirectory');
  refuseOthers(others, 'imageDatasetFromDirectory', checkDatasetOptions);
  const labelMode = labels === null ? null : wantedMode;
  const refuse = (message: string): never => {
    throw new ValueError(message);
  };
  channelsOf(colorMode);
  if (!['int', 'categorical', 'binary', null].includes(labelMode))
    refuse(
      `\`labelMode\` argument must be one of "int", "categorical", "binary", or null. Received: labelMode=${labelMode}`,
    );
  if (labelMode === null && classNames) refuse('Without labels, argument `classNames` cannot be specified.');
  if (labels !== 'inferred' && classNames)
    refuse(`You can only pass \`classNames\` if \`labels: 'inferred'\`. Received: classNames=${classNames}`);
  if (!['bilinear', 'nearest'].includes(interpolation))
    refuse(
      `Argument \`interpolation\` should be 'bilinear' or 'nearest'. Received: interpolation=${interpolation}`,
    );
  if (imageSize.length !== 2)
    refuse(`Invalid \`imageSize\` value. Expected 2 whole numbers. Received: imageSize=${imageSize}`);
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0))
    refuse(`Expected \`batchSize\` to be a positive whole number or null. Received: ${batchSize}.`);
  if (cropToAspectRatio && padToAspectRatio)
    refuse('Only one of `padToAspectRatio`, `cropToAspectRatio` can be set to `true`.');
  if (validationSplit && !(validationSplit > 0 && validationSplit < 1))
    refuse(`\`validationSplit\` must be between 0 and 1, received: ${validationSplit}`);
  if (Boolean(validationSplit) !== Boolean(subset))
    refuse('If `subset` is set, `validationSplit` must be set, and inversely.');
  if (!['training', 'validation', 'both', null].includes(subset))
    refuse(`\`subset\` must be either "training", "validation" or "both", received: ${subset}`);
  if (validationSplit && shuffle && seed === null)
    refuse(
      'If using `validationSplit` and shuffling the data, you must provide a `seed` argument, to make sure that there is no overlap between the training and validation subset.',
    );
  return {
    ...{ labels: labelMode === null ? null : labels, labelMode, classNames, colorMode, imageSize },
    ...{ interpolation, batchSize, shuffle, seed, validationSplit, subset, followLinks, verbose },
    ...{ cropToAspectRatio, padToAspectRatio, print },
  };
}
