import type { Scaling } from '../../graph/preprocessing.js';
import { float32, type Tensor } from '../../graph/tensor.js';

/** Keras's `preprocess_input`: scales RGB levels from 0 to 255 as a network wants them. */
export interface PreprocessInput {
  /** @param x (…, H, W, 3). @returns a new tensor of that shape */
  (x: Tensor): Tensor<'float32'>;
  /** @param levels pixel by pixel */
  (levels: ArrayLike<number>): Float32Array;
  /** Its scaling, so that another thread, which no function reaches, can do the same. */
  readonly scaling: Scaling;
}

/** Whether a function is a `preprocess_input` of this package, or does no more than scale levels as one. */
export const isPreprocessInput = (work: object): work is PreprocessInput => 'scaling' in work;

export function preprocessInputOf(scaling: Scaling): PreprocessInput {
  const scale = (x: Tensor | ArrayLike<number>) =>
    'dims' in x ? float32(scaleLevels(x.data as Float32Array, scaling), x.dims) : scaleLevels(x, scaling);
  return Object.assign(scale as Omit<PreprocessInput, 'scaling'>, { scaling }) as PreprocessInput;
}

/** Scales levels as the graph's `normalisePixels` does. */
function scaleLevels(levels: ArrayLike<number>, { channels, mean, scale }: Scaling): Float32Array {
  const scaled = new Float32Array(levels.length);
  const [first, second, third] = mean;
  const [a, b, c] = typeof scale === 'number' ? [scale, scale, scale] : scale;
  const [red, blue] = channels === 'RGB' ? [0, 2] : [2, 0];
  for (let i = 0; i < scaled.length; i += 3) {
    scaled[i] = (levels[i + red]! - first) * a;
    scaled[i + 1] = (levels[i + 1]! - second) * b;
    scaled[i + 2] = (levels[i + blue]! - third) * c;
  }
  return scaled;
}
