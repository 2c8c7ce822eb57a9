/** IEEE 754 halves: 1 bit of sign, 5 of exponent, 10 of fraction. JavaScript has no type for them, so bits it is. */

/** Reads the bits of a half. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Reads many halves. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const exponent = half & 0x7c00;
    // Of a normal number the bits stay, under an exponent that is 127 rather than 15 too large.
    if (exponent === 0 || exponent === 0x7c00) floats[i] = halfToNumber(half);
    else bits[i] = ((half & 0x8000) << 16) | (((half & 0x7fff) << 13) + (112 << 23));
  }
  return floats;
}

/** The bits of the half that is nearest to `x`, the even one of two. */
export function numberToHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // Halves below 2⁻¹⁴ are spaced like those of that exponent.
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -14)));
  const steps = magnitude / 2 ** (exponent - 10);
  const floor = Math.floor(steps);
  const rounded = steps - floor > 0.5 || (steps - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // A carry runs into the exponent by itself; a subnormal has exponent 0, that is −14 without the leading 1024.
  return sign | (rounded + (exponent + 14) * 1024);
}
