/** Pillow's resampling filters, and the integer weights they give: see resample.ts. */

/** A reconstruction filter: its value at `x` input pixels from the centre, zero beyond `support`. */
export interface Filter {
  readonly support: number;
  readonly at: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** Keys's cubic convolution with a = −0.5. */
function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

function hamming(x: number): number {
  const d = Math.abs(x);
  if (d === 0) return 1;
  if (d >= 1) return 0;
  return (
    (Math.sin(d * Math.PI) / (d * Math.PI)) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(d * Math.PI))
  );
}

export const filters: Record<'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos', Filter> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, at: hamming },
  bicubic: { support: 2, at: bicubic },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Bits after the point of a weight: 32 less 8 for the pixel, less 2 for overshoot and sign. */
export const precision = 22;
export const half = 1 << (precision - 1);

/** For each output position: which input positions it is made of, and how much of each. */
export interface Weights {
  /** First input position, per output position. */
  readonly starts: Int32Array;
  /** How many input positions, per output position. */
  readonly counts: Int32Array;
  /** `stride` weights per output position, in 22-bit fixed point. */
  readonly values: Int32Array;
  readonly stride: number;
}

/** Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`. */
export function weigh(
  inSize: number,
  from: number,
  to: number,
  outSize: number,
  { support, at }: Filter,
): Weights {
  const scale = Math.fround(to - from) / outSize;
  const filterScale = Math.max(1, scale);
  const reach = support * filterScale;
  const stride = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(outSize);
  const counts = new Int32Array(outSize);
  const values = new Int32Array(outSize * stride);
  const window = new Float64Array(stride);
  for (let i = 0; i < outSize; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(inSize, Math.trunc(centre + reach + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const share = at((k + start - centre + 0.5) * (1 / filterScale));
      window[k] = share;
      sum += share;
    }
    for (let k = 0; k < count; k++) {
      const weight = (sum === 0 ? window[k]! : window[k]! / sum) * (1 << precision);
      values[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, values, stride };
}
