/** A palette of 256 RGB triples in which each index is its own grey, as Pillow has where a file lacks entries. */
export function greyPalette(): Uint8Array {
  const palette = new Uint8Array(768);
  for (let i = 0; i < palette.length; i++) palette[i] = i / 3;
  return palette;
}
