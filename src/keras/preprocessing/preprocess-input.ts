import type { UniformScaling } from '../../graph/preprocessing.js';
import { float32, type Tensor } from '../../graph/tensor.js';

/** Keras's `preprocess_input`: scales RGB levels from 0 to 255 as a network wants them. */
export interface PreprocessInput {
  /** @param x (…, H, W, 3). @returns a new tensor of that shape */
  (x: Tensor): Tensor<'float32'>;
  /** @param levels pixel by pixel */
  (levels: ArrayLike<number>): Float32Array;
  /** What it does, so that another thread, which no function reaches, can do it, too. */
  readonly scaling: UniformScaling;
}

export function preprocessInputOf(scaling: UniformScaling): PreprocessInput {
  const scale = (x: Tensor | ArrayLike<number>) =>
    'dims' in x ? float32(scaleLevels(x.data as Float32Array, scaling), x.dims) : scaleLevels(x, scaling);
  return Object.assign(scale as Omit<PreprocessInput, 'scaling'>, { scaling }) as PreprocessInput;
}

/** Scales levels as the graph's `normalisePixels` does. */
function scaleLevels(levels: ArrayLike<number>, { channels, mean, scale }: UniformScaling): Float32Array {
  const scaled = new Float32Array(levels.length);
  for (let i = 0; i < scaled.length; i++) {
    const c = i % 3;
    const from = channels === 'RGB' ? i : i + 2 - 2 * c;
    scaled[i] = (levels[from]! - mean[c]!) * scale;
  }
  return scaled;
}
