/** A grey picture with whole numbers as levels. */
interface IntegerLevels {
  readonly width: number;
  readonly height: number;
  readonly data: Int32Array;
}

/** The bytes of a TIFF of 32 bits a pixel, signed, in one strip without compression. */
export function encodeIntegerTiff({ width, height, data }: IntegerLevels): Uint8Array {
  const [short, long] = [3, 4];
  const count = 10;
  const pixels = 8 + 2 + 12 * count + 4;
  const entries: [tag: number, type: number, value: number][] = [
    [256, long, width],
    [257, long, height],
    [258, short, 32], // bits of a sample
    [259, short, 1], // no compression
    [262, short, 1], // 0 is black
    [273, long, pixels], // where the strip begins
    [277, short, 1], // samples of a pixel
    [278, long, height], // rows of the strip
    [279, long, 4 * data.length], // bytes of the strip
    [339, short, 2], // samples are signed
  ];
  const bytes = new Uint8Array(pixels + 4 * data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, count, 0]);
  for (const [i, [tag, type, value]] of entries.entries()) {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, 1, true);
    view.setUint32(at + 8, value, true);
  }
  for (const [i, level] of data.entries()) view.setInt32(pixels + 4 * i, level, true);
  return bytes;
}
