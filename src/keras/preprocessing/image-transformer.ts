import { ValueError } from '../../errors.js';
import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';
import { named, refuseOthers, withDefaults } from '../../named-options.js';
import { globalRandom } from '../random/global-random.js';
import { RandomState } from '../random/random-state.js';
import {
  checkOptions,
  type ImageDataGeneratorOptions,
  type PlainOptions,
  type ShiftRange,
  toZoomRange,
} from './generator-options.js';
import { divide, multiplyBy, subtract, whiten } from './normalise.js';
import { isPreprocessInput } from './preprocess-input.js';
import { channelDeviations, channelMeans, deviation, mean, zcaMatrix } from './statistics.js';
import {
  applyAffineTransform,
  applyBrightnessShift,
  applyChannelShift,
  flipAxis,
  type ImageArray,
  type TransformParameters,
  unchanged,
} from './transform.js';

/** A function that changes every second picture is found out with a probability of 1 − 2⁻¹⁶. */
const TRIALS = 16;

/** Changes pictures at random and scales them: all of `ImageDataGenerator` but the batches. */
export class ImageTransformer {
  readonly options: Readonly<Required<ImageDataGeneratorOptions>>;
  /** Least and greatest zoom. */
  readonly zoomRange: readonly [number, number];
  /** Each channel's mean, float32 (1, 1, C), once `fit` has run. */
  mean: Tensor<'float32'> | null = null;
  /** Each channel's deviation, float32 (1, 1, C), once `fit` has run. */
  std: Tensor<'float32'> | null = null;
  /** Float32 (D, D) for pictures of D values, once `fit` has run. */
  zcaWhiteningMatrix: Tensor<'float32'> | null = null;
  readonly #warned = new Set<string>();

  /** @throws ValueError when an option is out of its range */
  constructor(options: ImageDataGeneratorOptions = {}) {
    const { settings, warnings } = checkOptions(options);
    this.options = settings;
    this.zoomRange = toZoomRange(settings.zoomRange);
    for (const warning of warnings) this.warn(warning);
  }

  /** Whether pictures are changed at random, so that no pass is like another. */
  get isRandom(): boolean {
    const { rotationRange, widthShiftRange, heightShiftRange, shearRange, channelShiftRange } = this.options;
    const { brightnessRange, horizontalFlip, verticalFlip } = this.options;
    const ranges = [rotationRange, widthShiftRange, heightShiftRange, shearRange, channelShiftRange].flat();
    const zooms = this.zoomRange.some((zoom) => zoom !== 1);
    return (
      ranges.some((range) => range !== 0) ||
      zooms ||
      brightnessRange !== null ||
      horizontalFlip ||
      verticalFlip
    );
  }

  /**
   * Whether `preprocessingFunction` makes the same of the same picture, tried on noise of this shape (H, W, C). A
   * function that throws there may do anything.
   */
  isRepeatable(shape: readonly number[]): boolean {
    const { preprocessingFunction } = this.options;
    if (!preprocessingFunction || isPreprocessInput(preprocessingFunction)) return true;
    const noise = new Float32Array(new RandomState(0).uniform(0, 255, sizeOf(shape)));
    const make = () => preprocessingFunction(float32(noise.slice(), shape)).data;
    try {
      const first = make().slice();
      for (let trial = 0; trial < TRIALS; trial++) {
        const again = make();
        if (first.some((value, i) => !Object.is(value, again[i]))) return false;
      }
      return true;
    } catch {
      return false;
    }
  }

  /**
   * The options, where they alone say how a picture is made, for another thread to make it. `null` where it depends on
   * numbers that `fit` has learnt, on a function that is no `preprocessInput`, or on a subclass.
   */
  get plainOptions(): PlainOptions | null {
    const { warn: _, preprocessingFunction, ...plain } = this.options;
    const { featurewiseCenter, featurewiseStdNormalization, zcaWhitening } = plain;
    const { applyTransform, standardize } = ImageTransformer.prototype;
    if (this.applyTransform !== applyTransform || this.standardize !== standardize) return null;
    if (featurewiseCenter || featurewiseStdNormalization || zcaWhitening) return null;
    if (!preprocessingFunction) return { ...plain, scaling: null };
    return isPreprocessInput(preprocessingFunction)
      ? { ...plain, scaling: preprocessingFunction.scaling }
      : null;
  }

  /**
   * Draws how a picture is changed. The order of the draws is Keras's.
   *
   * @param shape of the picture: (H, W, C)
   * @param seed starts the process-wide stream anew first, unless `null`
   */
  getRandomTransform(
    [height = 0, width = 0]: readonly number[],
    seed: number | null = null,
  ): TransformParameters {
    const random = globalRandom();
    const { rotationRange, heightShiftRange, widthShiftRange, shearRange } = this.options;
    const { horizontalFlip, verticalFlip, channelShiftRange, brightnessRange } = this.options;
    if (seed !== null) random.seed(seed);
    const about = (range: number) => random.uniform(-range, range);
    const theta = rotationRange ? about(rotationRange) : 0;
    const tx = drawShift(heightShiftRange, height);
    const ty = drawShift(widthShiftRange, width);
    const shear = shearRange ? about(shearRange) : 0;
    const [low, high] = this.zoomRange;
    const [zx = 1, zy = 1] = low === 1 && high === 1 ? [] : random.uniform(low, high, 2);
    const flipHorizontal = random.random() < 0.5 && horizontalFlip;
    const flipVertical = random.random() < 0.5 && verticalFlip;
    const channelShiftIntensity = channelShiftRange === 0 ? null : about(channelShiftRange);
    const brightness = brightnessRange && random.uniform(...brightnessRange);
    return {
      theta,
      tx,
      ty,
      shear,
      zx,
      zy,
      flipHorizontal,
      flipVertical,
      channelShiftIntensity,
      brightness,
    };
  }

  /** Changes a picture (H, W, C) by the parameters. Those that are left out change nothing. */
  applyTransform(x: ImageArray, parameters: Partial<TransformParameters>): ImageArray {
    const { fillMode, cval, interpolationOrder: order } = this.options;
    const transform = withDefaults(unchanged, parameters, 'applyTransform');
    const { channelShiftIntensity, flipHorizontal, flipVertical, brightness } = transform;
    let out = applyAffineTransform(x, transform, { fillMode, cval, order });
    if (channelShiftIntensity !== null) out = applyChannelShift(out, channelShiftIntensity);
    if (flipHorizontal) out = flipAxis(out, 1);
    if (flipVertical) out = flipAxis(out, 0);
    if (brightness !== null) out = applyBrightnessShift(out, brightness, false);
    return out;
  }

  /** Changes a picture (H, W, C) at random. */
  randomTransform(x: ImageArray, seed: number | null = null): ImageArray {
    return this.applyTransform(x, this.getRandomTransform(x.dims, seed));
  }

  /** Scales a picture (H, W, C), or a batch of them. Changes the values of `x` in place, as Keras does. */
  standardize(x: ImageArray): ImageArray {
    const { options } = this;
    let out = options.preprocessingFunction ? options.preprocessingFunction(x) : x;
    const { data } = out;
    if (options.rescale) multiplyBy(data, Math.fround(options.rescale));
    if (options.samplewiseCenter) subtract(data, Float32Array.of(mean(data)));
    if (options.samplewiseStdNormalization) divide(data, Float32Array.of(deviation(data)));
    if (options.featurewiseCenter)
      if (this.mean) subtract(data, this.mean.data);
      else this.warn(notFit('featurewise_center'));
    if (options.featurewiseStdNormalization)
      if (this.std) divide(data, this.std.data);
      else this.warn(notFit('featurewise_std_normalization'));
    if (options.zcaWhitening)
      if (this.zcaWhiteningMatrix) out = whiten(out, this.zcaWhiteningMatrix);
      else this.warn(notFit('zca_whitening'));
    return out;
  }

  /**
   * Computes the statistics for `featurewiseCenter`, `featurewiseStdNormalization` and `zcaWhitening` from samples.
   *
   * @param x float32 (N, H, W, C)
   */
  fit(x: Tensor<'float32'>, options: ImageDataGeneratorFitOptions = {}): void {
    const { augment = false, rounds = 1, seed = null, ...others } = named(options, 'fit');
    refuseOthers(others, 'fit', (probe) => this.fit(x, probe));
    if (x.dims.length !== 4)
      throw new ValueError(
        `Input to \`.fit()\` should have rank 4. Got array with shape: (${x.dims.join(', ')})`,
      );
    const { rescale, featurewiseCenter, featurewiseStdNormalization, zcaWhitening, zcaEpsilon } =
      this.options;
    const [, , , channels = 0] = x.dims;
    if (![1, 3, 4].includes(channels))
      this.warn(
        'Expected input to be images (as Numpy array) following the data format convention "channels_last" ' +
          '(channels on axis 3), i.e. expected either 1, 3 or 4 channels on axis 3. ' +
          `However, it was passed an array with shape (${x.dims.join(', ')}) (${channels} channels).`,
      );
    if (seed !== null) globalRandom().seed(seed);
    let samples = float32(x.data.slice(), x.dims);
    if (rescale) multiplyBy(samples.data, Math.fround(rescale));
    if (augment) samples = this.#augmented(samples, rounds);
    if (featurewiseCenter) {
      this.mean = float32(channelMeans(samples.data, channels), [1, 1, channels]);
      subtract(samples.data, this.mean.data);
    }
    if (featurewiseStdNormalization) {
      this.std = float32(channelDeviations(samples.data, channels), [1, 1, channels]);
      divide(samples.data, this.std.data);
    }
    if (zcaWhitening) this.zcaWhiteningMatrix = zcaMatrix(samples, zcaEpsilon);
  }

  /** Warns once of the same thing, as Python does. */
  warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.options.warn(message);
  }

  #augmented(x: Tensor<'float32'>, rounds: number): Tensor<'float32'> {
    const [count, ...shape] = x.dims as [number, ...number[]];
    const size = x.data.length / count;
    const out = new Float32Array(rounds * x.data.length);
    for (let i = 0; i < rounds * count; i++) {
      const start = (i % count) * size;
      const picture = float32(x.data.subarray(start, start + size), shape);
      out.set(this.randomTransform(picture).data, i * size);
    }
    return float32(out, [rounds * count, ...shape]);
  }
}

export interface ImageDataGeneratorFitOptions {
  /** Learns from pictures that are changed at random. Default: false. */
  augment?: boolean;
  /** How often each picture is changed, with `augment`. Default: 1. */
  rounds?: number;
  /** Starts the process-wide stream anew first, unless `null`. Default: `null`. */
  seed?: number | null;
}

/** Python's `np.random.choice(range) * np.random.choice([-1, 1])`, or a uniform draw where the range is a fraction. */
function drawShift(range: ShiftRange, side: number): number {
  const random = globalRandom();
  if (range === 0 || (typeof range !== 'number' && range.length === 0)) return 0;
  const isChoice = typeof range !== 'number' || (Number.isInteger(range) && range > 0);
  const shift = isChoice
    ? random.choice(range as readonly number[]) * random.choice([-1, 1])
    : random.uniform(-range, range);
  const greatest = typeof range === 'number' ? range : Math.max(...range);
  return (greatest < 1 ? shift * side : shift) || 0;
}

const notFit = (option: string): string =>
  `This ImageDataGenerator specifies \`${option}\`, but it hasn't been fit on any training data. ` +
  'Fit it first by calling `.fit(numpy_data)`.';
