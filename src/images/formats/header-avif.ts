import { ImageError } from '../image.js';
import type { Header } from './header.js';
import type { Orientation } from './orientation.js';

/** A box of a file of the ISO base media format (ISO/IEC 14496-12), as AVIF is one: its type and where its content lies. */
interface IsoBox {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The boxes from `start` to `end`, one after the other. */
function* boxesIn(view: DataView, { start, end }: Pick<IsoBox, 'start' | 'end'>): Generator<IsoBox> {
  for (let at = start; at + 8 <= end; ) {
    const short = view.getUint32(at);
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short || end - at;
    const head = short === 1 ? 16 : 8;
    if (size < head) throw new ImageError('damaged', `an AVIF with a box of ${size} bytes`);
    yield { type: typeAt(view, at + 4), start: at + head, end: Math.min(end, at + size) };
    at += size;
  }
}

const typeAt = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

/** The brands that a file's first box names: the major one, and those that it is compatible with. */
export function brandsOf(start: string): string[] {
  const [, size = '', major = '', others = ''] = /^(.{4})ftyp(.{4})(?:.{4}(.*))?/s.exec(start) ?? [];
  const length = (size.charCodeAt(2) << 8) | size.charCodeAt(3);
  return [major, ...(others.slice(0, Math.max(0, length - 16)).match(/.{4}/gs) ?? [])];
}

/** EXIF's number for a turn of `irot` × 90° anticlockwise, then a mirror: none, top to bottom, or left to right. */
const orientations: readonly (readonly [none: Orientation, topDown: Orientation, leftRight: Orientation])[] =
  [
    [1, 4, 2],
    [8, 5, 7],
    [3, 2, 4],
    [6, 7, 5],
  ];

/**
 * AVIF: the size and the turn among the properties of its primary item. EXIF data in it does not count.
 * Format: https://aomediacodec.github.io/av1-avif/, ISO/IEC 23008-12
 */
export function readAvifHeader(view: DataView): Header {
  const parts = metaParts(view);
  const item = readPrimaryItem(view, find(parts, 'pitm'));
  const properties = [...boxesIn(view, find(parts, 'iprp'))];
  const all = [...boxesIn(view, find(properties, 'ipco'))];
  const own = readAssociations(view, find(properties, 'ipma'), item).flatMap((index) => all[index - 1] ?? []);
  if (own.some(({ type }) => type === 'clap'))
    throw new ImageError('unsupported', 'an AVIF picture of which a part is to be shown', {
      hint: 'convert it to JPEG or PNG.',
    });
  const size = find(own, 'ispe');
  const turn = own.find(({ type }) => type === 'irot');
  const mirror = own.find(({ type }) => type === 'imir');
  const [none, topDown, leftRight] = orientations[turn ? view.getUint8(turn.start) & 3 : 0] ?? [1, 4, 2];
  return {
    format: 'avif',
    width: view.getUint32(size.start + 4),
    height: view.getUint32(size.start + 8),
    orientation: !mirror ? none : (view.getUint8(mirror.start) & 1) === 0 ? topDown : leftRight,
    colour: 'rgb',
    alpha: all.some(({ type }) => type === 'auxC'),
    depth: readDepth(view, all),
    beyondJimp: 'an AVIF picture',
  };
}

/** Of the AV1 data, as its configuration tells. */
function readDepth(view: DataView, properties: readonly IsoBox[]): number {
  const configuration = properties.find(({ type }) => type === 'av1C');
  const flags = configuration ? view.getUint8(configuration.start + 2) : 0;
  const [isDeep, isDeeper] = [(flags & 0x40) !== 0, (flags & 0x20) !== 0];
  return isDeep ? (isDeeper ? 12 : 10) : 8;
}

function metaParts(view: DataView): IsoBox[] {
  const meta = find(boxesIn(view, { start: 0, end: view.byteLength }), 'meta');
  // A version and flags come first in this box.
  return [...boxesIn(view, { start: meta.start + 4, end: meta.end })];
}

/** A copy of an AVIF whose alpha is no longer known as such: browsers that see alpha lose the colours beneath it. */
export function withoutAlpha(avif: Uint8Array): Uint8Array {
  const copy = avif.slice();
  const view = new DataView(copy.buffer);
  const properties = boxesIn(view, find(metaParts(view), 'iprp'));
  for (const { type, start } of boxesIn(view, find(properties, 'ipco')))
    if (type === 'auxC') copy.set(new TextEncoder().encode('free'), start - 4);
  return copy;
}

function find(boxes: Iterable<IsoBox>, type: string): IsoBox {
  for (const box of boxes) if (box.type === type) return box;
  throw new ImageError('damaged', `an AVIF without its ${type} box`);
}

const readPrimaryItem = (view: DataView, { start }: IsoBox): number =>
  view.getUint8(start) === 0 ? view.getUint16(start + 4) : view.getUint32(start + 4);

/** The numbers, from 1, of the properties that an item has. */
function readAssociations(view: DataView, { start }: IsoBox, item: number): number[] {
  const isWideItem = view.getUint8(start) > 0;
  const isWideIndex = (view.getUint8(start + 3) & 1) === 1;
  const count = view.getUint32(start + 4);
  let at = start + 8;
  for (let i = 0; i < count; i++) {
    const id = isWideItem ? view.getUint32(at) : view.getUint16(at);
    at += isWideItem ? 4 : 2;
    const indices: number[] = [];
    for (let left = view.getUint8(at++); left > 0; left--, at += isWideIndex ? 2 : 1)
      // The first bit tells whether a reader must understand the property.
      indices.push(isWideIndex ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f);
    if (id === item) return indices;
  }
  return [];
}
