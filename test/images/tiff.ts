/** A TIFF with one strip of these bytes and fields of one number each; −1 stands for where the bytes begin. */
export function tiff(fields: Readonly<Record<number, number>>, data: Uint8Array): Buffer {
  const entries = Object.entries(fields);
  const head = Buffer.alloc(14 + 12 * entries.length);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  for (const [i, [tag, value]] of entries.entries()) {
    head.writeUInt16LE(Number(tag), 10 + 12 * i);
    head.writeUInt16LE(4, 12 + 12 * i);
    head.writeUInt32LE(1, 14 + 12 * i);
    head.writeUInt32LE(value === -1 ? head.length : value, 18 + 12 * i);
  }
  return Buffer.concat([head, data]);
}
