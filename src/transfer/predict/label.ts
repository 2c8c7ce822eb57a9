import { Jimp, loadFont, measureText } from 'jimp';
import { SANS_16_WHITE, SANS_32_WHITE, SANS_64_WHITE } from 'jimp/fonts';

/** Text as it covers pixels: H × W bytes, 255 where it covers them wholly. */
export interface Label {
  readonly width: number;
  readonly height: number;
  readonly coverage: Uint8Array;
}

/** Heights of letters that there are, in pixels. */
export type LetterHeight = keyof typeof fonts;

const fonts = { 16: SANS_16_WHITE, 32: SANS_32_WHITE, 64: SANS_64_WHITE } as const;

/**
 * Draws a line of text with Jimp's fonts. These have Latin letters alone: text in other scripts is drawn by sharp, with
 * the fonts of the machine, and where that does not work, with question marks.
 */
export async function drawLabel(text: string, height: LetterHeight): Promise<Label> {
  const font = await loadFont(fonts[height]);
  const isDrawable = (letter: string) => font.chars[letter] !== undefined;
  const letters = [...text];
  if (!letters.every(isDrawable)) {
    const drawn = await drawWithSharp(text, height).catch(() => null);
    if (drawn) return drawn;
  }
  const drawable = letters.map((letter) => (isDrawable(letter) ? letter : '?')).join('');
  const canvas = new Jimp({
    width: measureText(font, drawable) + 1,
    height: font.common.lineHeight,
    color: 0,
  });
  canvas.print({ font, x: 0, y: 0, text: drawable });
  const { width, data } = canvas.bitmap;
  const coverage = new Uint8Array(data.length / 4);
  for (const i of coverage.keys()) coverage.set(data.subarray(4 * i + 3, 4 * i + 4), i);
  return { width, height: canvas.height, coverage };
}

async function drawWithSharp(text: string, height: LetterHeight): Promise<Label> {
  const { default: sharp } = await import('sharp');
  const markup = text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  // At 72 dots an inch a point is a pixel; Jimp's letters of this height are of a font of about 0.8 times as much.
  const { data, info } = await sharp({
    text: { text: markup, font: `sans ${Math.round(0.8 * height)}`, dpi: 72 },
  })
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, coverage: data };
}
