import sharp from 'sharp';
import { drawBackground, drawForeground } from './background.js';
import type { Character } from './cast.js';
import { drawPortrait, portraitSize } from './portrait.js';
import type { Random } from './random.js';

/** Takes a picture of a character: a new pose, place, light and camera each time. @returns the bytes of a JPEG */
export async function takePicture(character: Character, random: Random): Promise<Buffer> {
  const [width, height] = chooseSize(random);
  const { pose, waist } = choosePose(width, height, random);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    ${drawBackground(width, height, random)}
    <g transform="${pose}">${drawPortrait(character, random)}</g>
    ${drawForeground(width, height, waist, random)}
    ${drawLight(width, height, random)}
  </svg>`;
  const { gain, lift } = chooseExposure(random);
  return sharp(Buffer.from(svg))
    .removeAlpha()
    .blur(Math.min(width, height) * random.uniform(0.0027, 0.0042))
    .linear(gain, lift)
    .jpeg({ quality: random.integer(60, 92) })
    .toBuffer();
}

/** Width and height in pixels. */
function chooseSize(random: Random): [width: number, height: number] {
  const long = random.integer(360, 640);
  const short = Math.round(long * random.choice([1, 4 / 5, 3 / 4]));
  return random.chance(0.5) ? [short, long] : [long, short];
}

/**
 * Where the character is, off the middle, near or far, mirrored, with the head tilted and turned a little.
 *
 * @returns the transform from the portrait's square to the picture's pixels, and the height in pixels at which the
 * drawing of the body ends
 */
function choosePose(width: number, height: number, random: Random): { pose: string; waist: number } {
  const scale = (Math.min(width, height) / portraitSize) * random.uniform(0.48, 0.68);
  const mirror = random.chance(0.5) ? -1 : 1;
  const x = width * random.uniform(0.4, 0.6);
  const y = height * random.uniform(0.42, 0.55);
  const pose = [
    `translate(${x} ${y})`,
    `rotate(${random.uniform(-8, 8)})`,
    `skewX(${random.uniform(-4, 4)})`,
    `scale(${scale * mirror * random.uniform(0.93, 1.07)} ${scale * random.uniform(0.96, 1.04)})`,
    `translate(${-portraitSize / 2} ${-portraitSize / 2})`,
  ].join(' ');
  return { pose, waist: y + scale * portraitSize * 0.44 };
}

/** Light from one side, shade on the other, and corners that fall off. */
function drawLight(width: number, height: number, random: Random): string {
  const angle = random.uniform(0, 360);
  const glow = random.choice(['#fff6dd', '#ffffff', '#dfeaff']);
  const cover = `width="${width}" height="${height}"`;
  return `<linearGradient id="light" gradientTransform="rotate(${angle} .5 .5)">
      <stop offset="0" stop-color="${glow}" stop-opacity="${random.uniform(0, 0.3)}"/>
      <stop offset=".5" stop-color="${glow}" stop-opacity="0"/>
      <stop offset=".5" stop-color="#0b1026" stop-opacity="0"/>
      <stop offset="1" stop-color="#0b1026" stop-opacity="${random.uniform(0, 0.3)}"/>
    </linearGradient>
    <radialGradient id="vignette" r=".75">
      <stop offset=".55" stop-opacity="0"/><stop offset="1" stop-opacity="${random.uniform(0, 0.35)}"/>
    </radialGradient>
    <rect ${cover} fill="url(#light)"/><rect ${cover} fill="url(#vignette)"/>`;
}

/** The film: brightness, contrast and colour temperature, as a gain and an offset per channel. */
function chooseExposure(random: Random): { gain: number[]; lift: number[] } {
  const brightness = random.uniform(0.85, 1.06);
  const warmth = random.uniform(-0.08, 0.08);
  const tint = random.uniform(-0.03, 0.03);
  const lift = random.uniform(0, 15);
  return {
    gain: [1 + warmth, 1 + tint, 1 - warmth].map((channel) => channel * brightness),
    lift: [lift, lift, lift],
  };
}
