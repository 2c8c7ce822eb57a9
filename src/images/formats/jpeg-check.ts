/**
 * Tells damaged JPEGs from sound ones without decoding them.
 *
 * Flipped bits rarely make an impossible Huffman code: decoders read on, out of step, and paint garbage. Then the
 * data ends in the wrong place, and libjpeg does not look there. This walk reads each code and skips its value,
 * and asks that every block ends within its 64 coefficients and the last one at the end of the data.
 * Format: ITU T.81, annexes B and F. Baseline and extended sequential Huffman only: of progressive files libjpeg
 * itself reads everything up to the last marker, and warns.
 */

import { ImageError } from '../image.js';
import { isStartOfFrame, segments } from './header-jpeg.js';

const marker = { sof1: 0xc1, dht: 0xc4, sos: 0xda, dri: 0xdd, rst0: 0xd0, rst7: 0xd7 };

/** Some cameras pad the end of a scan; a file that lost step leaves more than this behind. */
const paddingBytes = 16;

/** Each scan of a progressive file goes over the whole picture again. Encoders write up to 18; files made to harm, more. */
const mostScans = 32;

/** Codes up to this length are found in one look. */
const lookBits = 10;

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
}

/** A component in a scan: its tables and how many blocks of it each MCU holds. */
interface ScanComponent {
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  readonly blocks: number;
}

interface HuffmanTable {
  /** By the next `lookBits` bits: length << 8 | symbol; 0 where the code is longer. */
  readonly look: Uint16Array;
  /** By code length: the first code that is longer, left-aligned to 16 bits. */
  readonly limit: Int32Array;
  /** By code length: index of a code's symbol less the code itself. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** @throws ImageError when the file's entropy-coded data cannot come from an encoder. */
export function checkJpeg(bytes: Uint8Array): void {
  try {
    walk(bytes);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new ImageError('truncated', `${bytes.length} bytes that end before the picture does`, { cause });
    throw cause;
  }
}

function walk(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = new Map<number, HuffmanTable>();
  let width = 0;
  let height = 0;
  let frame: Component[] = [];
  let restartInterval = 0;
  let position = 2;
  const scanned = new Set<number>();
  for (;;) {
    let scan: { start: number; end: number } | undefined;
    for (const { code, start, end } of segments(view, position)) {
      if (isStartOfFrame(code)) {
        if (code > marker.sof1) {
          checkScans(view, position);
          return;
        }
        height = view.getUint16(start + 1);
        width = view.getUint16(start + 3);
        frame = Array.from({ length: view.getUint8(start + 5) }, (_, i) => ({
          id: view.getUint8(start + 6 + 3 * i),
          h: view.getUint8(start + 7 + 3 * i) >> 4,
          v: view.getUint8(start + 7 + 3 * i) & 15,
        }));
      } else if (code === marker.dht) readTables(bytes.subarray(start, end), tables);
      else if (code === marker.dri) restartInterval = view.getUint16(start);
      else if (code === marker.sos) scan = { start, end };
    }
    if (!scan) throw new ImageError('damaged', 'a JPEG that ends before all its components came');
    const selected = Array.from({ length: view.getUint8(scan.start) }, (_, i) => ({
      component: frame.find(({ id }) => id === view.getUint8(scan.start + 1 + 2 * i)),
      tables: view.getUint8(scan.start + 2 + 2 * i),
    }));
    const interleaved = selected.length > 1;
    const hMax = Math.max(...frame.map(({ h }) => h));
    const vMax = Math.max(...frame.map(({ v }) => v));
    const components = selected.map(({ component, tables: chosen }): ScanComponent => {
      const dc = tables.get(chosen >> 4);
      const ac = tables.get(0x10 | (chosen & 15));
      if (!component || !dc || !ac)
        throw new ImageError('damaged', 'a JPEG scan without its component or its Huffman tables');
      scanned.add(component.id);
      return { dc, ac, blocks: interleaved ? component.h * component.v : 1 };
    });
    const [alone] = selected;
    const { h, v } = (interleaved ? undefined : alone?.component) ?? { h: 1, v: 1 };
    const across = interleaved ? ceil(width, 8 * hMax) : ceil(ceil(width * h, hMax), 8);
    const down = interleaved ? ceil(height, 8 * vMax) : ceil(ceil(height * v, vMax), 8);
    position = walkScan(bytes, scan.end, components, across * down, restartInterval);
    if (scanned.size === frame.length) return;
  }
}

/** @throws ImageError when a file that is not sequential has more scans than encoders write */
function checkScans(view: DataView, start: number): void {
  let position = start;
  for (let scans = 0; ; scans++) {
    if (scans > mostScans) throw new ImageError('damaged', `a JPEG of more than ${mostScans} scans`);
    let scan: number | undefined;
    for (const { code, end } of segments(view, position)) if (code === marker.sos) scan = end;
    if (scan === undefined) return;
    position = scan;
  }
}

const ceil = (a: number, b: number): number => Math.ceil(a / b);

function readTables(segment: Uint8Array, tables: Map<number, HuffmanTable>): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const [id = 0] = segment.subarray(at, at + 1);
    const counts = segment.subarray(at + 1, at + 17);
    const size = counts.reduce((sum, count) => sum + count, 0);
    tables.set(id, buildTable(counts, segment.subarray(at + 17, at + 17 + size)));
    at += 17 + size;
  }
}

/** T.81 annex C: codes of each length count up from where the shorter ones ended. */
function buildTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const look = new Uint16Array(1 << lookBits);
  const limit = new Int32Array(17);
  const offset = new Int32Array(17);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    offset[length] = index - code;
    for (let i = 0; i < counts[length - 1]!; i++, code++, index++) {
      if (length > lookBits) continue;
      const from = code << (lookBits - length);
      look.fill((length << 8) | symbols[index]!, from, from + (1 << (lookBits - length)));
    }
    limit[length] = code << (16 - length);
    code <<= 1;
  }
  return { look, limit, offset, symbols };
}

/**
 * Walks one scan.
 *
 * @param mcus how many minimum coded units it holds
 * @returns the position of the marker after it
 */
function walkScan(
  bytes: Uint8Array,
  start: number,
  components: readonly ScanComponent[],
  mcus: number,
  restartInterval: number,
): number {
  const blocks = components.flatMap(({ dc, ac, blocks: count }) =>
    Array<[HuffmanTable, HuffmanTable]>(count).fill([dc, ac]),
  );
  let position = start;
  for (let done = 0; done < mcus; ) {
    const count = restartInterval ? Math.min(restartInterval, mcus - done) : mcus;
    position = walkInterval(bytes, position, blocks, count);
    done += count;
    const code = bytes[position + 1] ?? 0;
    if (done < mcus) {
      if (!(code >= marker.rst0 && code <= marker.rst7))
        throw new ImageError('damaged', 'a JPEG that lacks a restart marker');
      position += 2;
    }
  }
  return position;
}

/** Walks the blocks between two restart markers. Bits wait in `bits`, the next one at `count - 1`. */
function walkInterval(
  bytes: Uint8Array,
  start: number,
  blocks: readonly (readonly [HuffmanTable, HuffmanTable])[],
  mcus: number,
): number {
  let position = start;
  let bits = 0;
  let count = 0;
  /** Zeros that stood in for data after its end. */
  let missing = 0;
  const { length } = bytes;

  for (let mcu = 0; mcu < mcus; mcu++) {
    for (let b = 0; b < blocks.length; b++) {
      const block = blocks[b]!;
      for (let k = 0; k < 64; k++) {
        const table = block[k === 0 ? 0 : 1];
        // A code has 16 bits at most and its value 15, but the word holds 25 for sure.
        while (count <= 24) {
          let byte = position < length ? bytes[position]! : 0xff;
          if (byte === 0xff) {
            if (position + 1 < length && bytes[position + 1] === 0) position += 2;
            else {
              byte = 0;
              missing += 8;
            }
          } else position++;
          bits = (bits << 8) | byte;
          count += 8;
        }
        let entry = table.look[(bits >>> (count - lookBits)) & ((1 << lookBits) - 1)]!;
        if (entry === 0) {
          const code = (bits >>> (count - 16)) & 0xffff;
          let size = lookBits + 1;
          while (size <= 16 && code >= table.limit[size]!) size++;
          if (size > 16) throw new ImageError('damaged', 'a JPEG with a code that is in no Huffman table');
          entry = (size << 8) | table.symbols[(code >>> (16 - size)) + table.offset[size]!]!;
        }
        count -= entry >> 8;
        const size = entry & 15;
        if (k === 0) {
          if ((entry & 0xff) > 11) throw new ImageError('damaged', 'a JPEG with an impossible mean');
        } else {
          const run = (entry >> 4) & 15;
          if (size === 0) {
            if (run !== 15) break;
            k += 15;
            continue;
          }
          k += run;
          if (k > 63) throw new ImageError('damaged', 'a JPEG with a block of more than 64 coefficients');
        }
        if (count < size) {
          let byte = position < length ? bytes[position]! : 0xff;
          if (byte === 0xff) {
            if (position + 1 < length && bytes[position + 1] === 0) position += 2;
            else {
              byte = 0;
              missing += 8;
            }
          } else position++;
          bits = (bits << 8) | byte;
          count += 8;
        }
        count -= size;
      }
    }
    if (missing > count) {
      const share = Math.floor((100 * mcu) / mcus);
      throw position + 2 >= length
        ? new ImageError('truncated', `a JPEG that ends after ${share}% of its blocks`)
        : new ImageError('damaged', `a JPEG whose data ends after ${share}% of its blocks`);
    }
  }
  const next = nextMarker(bytes, position);
  // Markers may have any number of 0xff before them.
  let dataEnd = next;
  while (dataEnd > position && bytes[dataEnd - 1] === 0xff) dataEnd--;
  const left = dataEnd - position + Math.max(0, (count - missing) >> 3);
  if (left > paddingBytes) throw new ImageError('damaged', `a JPEG with ${left} bytes after its last block`);
  return next;
}

/** Where the next marker begins that is no stuffed 0xff; the end of the file when there is none. */
function nextMarker(bytes: Uint8Array, start: number): number {
  let position = start;
  while (
    position < bytes.length &&
    (bytes[position] !== 0xff || bytes[position + 1] === 0 || bytes[position + 1] === 0xff)
  )
    position++;
  return position;
}
