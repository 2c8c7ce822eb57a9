import { Jimp, loadFont, measureText } from 'jimp';
import { SANS_12_BLACK, SANS_14_BLACK, SANS_32_BLACK } from 'jimp/fonts';

/** Marks of a picture, the worst first. */
const marks = ['conflict', 'leak', 'copy', 'no face'] as const;
export type Mark = (typeof marks)[number];

const looks: Record<Mark, { colour: Colour; meaning: string }> = {
  conflict: { colour: [205, 40, 40], meaning: 'also in another class' },
  leak: { colour: [226, 138, 22], meaning: 'also in the other split' },
  copy: { colour: [184, 160, 30], meaning: 'more than once in this class' },
  'no face': { colour: [74, 116, 190], meaning: 'no face found: taken whole' },
};

/** A picture on a sheet. */
export interface Card {
  readonly name: string;
  /** RGB (tile, tile, 3), one for each view. */
  readonly tiles: readonly Uint8Array[];
  readonly marks: readonly Mark[];
}

interface Section {
  readonly title: string;
  readonly cards: readonly Card[];
}

export interface Sheet {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly Section[];
  /** Lines below the pictures: files that were left out, each with the reason. */
  readonly notes: readonly string[];
  /** Height and width of a tile. */
  readonly tile: number;
}

type Colour = readonly [red: number, green: number, blue: number];
type Font = Awaited<ReturnType<typeof loadFont>>;

const paper: Colour = [250, 249, 246];
const ink: Colour = [35, 35, 40];
const pale: Colour = [110, 110, 115];

const margin = 24;
const gap = 12;
const frame = 3;
/** Height of a line of small letters. */
const line = 18;
/** How wide a sheet may get by pictures side by side; one picture's views may be wider. */
const usualWidth = 1260;
const leastWidth = 880;

/** Where a piece of text stands. */
interface Text {
  readonly font: Font;
  readonly colour: Colour;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/**
 * Draws a sheet as a PNG, with Jimp alone, whose letters are the same everywhere. It has those of ASCII: accents are
 * dropped, other characters become `?`.
 */
export async function drawSheet({
  title,
  subtitle,
  sections,
  notes,
  tile,
}: Sheet): Promise<Uint8Array<ArrayBufferLike>> {
  const [big, medium, small] = await Promise.all([
    loadFont(SANS_32_BLACK),
    loadFont(SANS_14_BLACK),
    loadFont(SANS_12_BLACK),
  ]);
  const width = Math.max(leastWidth, ...sections.map(({ cards }) => gridOf(cards, tile).width + 2 * margin));
  const texts: Text[] = [];
  const tiles: { pixels: Uint8Array; x: number; y: number }[] = [];
  const boxes: { colour: Colour; x: number; y: number; width: number; height: number }[] = [];
  const write = (font: Font, colour: Colour, text: string, x: number, y: number, room: number) =>
    texts.push({ font, colour, text: shorten(font, legible(text), room), x, y });

  let y = margin;
  const room = width - 2 * margin;
  write(big, ink, title, margin, y - 4, room);
  y += 42;
  write(medium, pale, subtitle, margin, y, room);
  y += 24;
  const used = marks.filter((mark) =>
    sections.some(({ cards }) => cards.some((card) => card.marks.includes(mark))),
  );
  let x = margin;
  for (const mark of used) {
    const { colour, meaning } = looks[mark];
    boxes.push({ colour, x, y: y + 4, width: 12, height: 12 });
    write(medium, ink, meaning, x + 18, y, room);
    x += 18 + measureText(medium, meaning) + 28;
  }
  if (used.length > 0) y += 26;

  for (const section of sections) {
    if (section.title) {
      y += 8;
      write(medium, ink, section.title, margin, y, room);
      y += 26;
    }
    const { cell, columns } = gridOf(section.cards, tile);
    for (const [i, card] of section.cards.entries()) {
      const left = margin + (i % columns) * (cell + gap);
      const top = y + Math.floor(i / columns) * (tile + 2 * frame + line + gap);
      const [mark] = marks.filter((mark) => card.marks.includes(mark));
      if (mark)
        boxes.push({ colour: looks[mark].colour, x: left, y: top, width: cell, height: tile + 2 * frame });
      for (const [view, pixels] of card.tiles.entries())
        tiles.push({ pixels, x: left + frame + view * (tile + 1), y: top + frame });
      const colour = mark ? looks[mark].colour : ink;
      write(small, colour, card.name, left + frame, top + tile + 2 * frame + 1, cell - frame);
    }
    y += Math.ceil(section.cards.length / columns) * (tile + 2 * frame + line + gap);
  }
  for (const note of notes) {
    write(small, looks.conflict.colour, note, margin, y, room);
    y += line;
  }

  const height = y + margin;
  const canvas = Buffer.alloc(width * height * 4, Uint8Array.from([...paper, 255]));
  for (const box of boxes) fill(canvas, width, box);
  for (const { pixels, x, y } of tiles) place(canvas, width, { pixels, tile, x, y });
  const image = Jimp.fromBitmap({ width, height, data: canvas });
  for (const text of texts) print(image, text);
  return image.getBuffer('image/png');
}

/** How cards are laid out: each has its views side by side within a frame, one pixel between them. */
function gridOf(cards: readonly Card[], tile: number): { cell: number; columns: number; width: number } {
  const views = Math.max(1, ...cards.map(({ tiles }) => tiles.length));
  const cell = views * (tile + 1) - 1 + 2 * frame;
  const most = Math.max(1, Math.floor((usualWidth - 2 * margin + gap) / (cell + gap)));
  const columns = Math.max(1, Math.min(most, cards.length));
  return { cell, columns, width: columns * (cell + gap) - gap };
}

/** The same in letters that Jimp's fonts have, as far as there are any. */
const legible = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('×', 'x')
    .replaceAll(/[^\x20-\x7e]/gu, '?');

/** Cuts the middle out of text that is too wide, since names differ at their ends. */
function shorten(font: Font, text: string, room: number): string {
  if (measureText(font, text) <= room) return text;
  let keep = text.length - 1;
  const cut = () =>
    `${text.slice(0, Math.ceil(keep / 2))}...${text.slice(text.length - Math.floor(keep / 2))}`;
  while (keep > 2 && measureText(font, cut()) > room) keep--;
  return cut();
}

/** The fonts are black; their shape is kept, their colour is not. */
function print(canvas: InstanceType<typeof Jimp>, { font, colour, text, x, y }: Text): void {
  const width = Math.ceil(measureText(font, text)) + 8;
  const layer = new Jimp({ width, height: 48, color: 0 });
  layer.print({ font, x: 0, y: 0, text });
  for (let i = 0; i < layer.bitmap.data.length; i += 4) layer.bitmap.data.set(colour, i);
  canvas.composite(layer, x, y);
}

function fill(
  canvas: Buffer,
  width: number,
  box: { colour: Colour; x: number; y: number; width: number; height: number },
): void {
  for (let y = box.y; y < box.y + box.height; y++)
    for (let x = box.x; x < box.x + box.width; x++) canvas.set(box.colour, 4 * (y * width + x));
}

function place(
  canvas: Buffer,
  width: number,
  { pixels, tile, x, y }: { pixels: Uint8Array; tile: number; x: number; y: number },
): void {
  for (let row = 0; row < tile; row++)
    for (let column = 0; column < tile; column++)
      canvas.set(
        pixels.subarray(3 * (row * tile + column), 3 * (row * tile + column) + 3),
        4 * ((y + row) * width + x + column),
      );
}
