import { toonHead } from '@dicebear/collection';
import { createAvatar } from '@dicebear/core';
import type { Character } from './cast.js';
import type { Random } from './random.js';

/**
 * The square that a portrait fills: a head about its middle, shoulders that are cut off by its lower edge. The
 * places of eyes, ears and chin below are those in ToonHead's drawings.
 */
export const portraitSize = 768;

const leftEye = { x: 313, y: 412 };
const rightEye = { x: 454, y: 412 };
const middle = (leftEye.x + rightEye.x) / 2;

const ink = '#2a1d1a';
const clothes = [
  ...['#c8553d', '#3f7cac', '#95b46a', '#f2c14e', '#7d5ba6', '#f5f0e6'],
  ...['#2f3e46', '#d98cb3', '#5fb3a8', '#8c5e3c', '#264f8c', '#e58f65'],
];

/**
 * Draws a character as seen on one occasion: the person stays; expression, clothes and hat change.
 *
 * Drawn with ToonHead by Johan Melin (https://www.figma.com/community/file/1589627891082866389), CC BY 4.0, which
 * allows changes and redistribution with credit. Freckles, glasses, jewellery, scarves and hats are ours.
 *
 * @returns SVG elements, in the square of `portraitSize`
 */
export function drawPortrait(character: Character, random: Random): string {
  return [
    drawHead(character, random),
    character.freckles ? freckles : '',
    character.glasses ? drawGlasses(character.glasses, random) : '',
    random.chance(0.25) ? drawEarrings(random) : '',
    random.chance(0.12) ? drawScarf(random) : '',
    random.chance(0.05) ? drawPartyHat(random) : random.chance(0.08) ? drawFlower(random) : '',
  ].join('');
}

function drawHead({ hair, rearHair, beard, hairColor, skinColor }: Character, random: Random): string {
  return createAvatar(toonHead, {
    size: portraitSize,
    hair: [hair ?? 'bun'],
    hairProbability: hair ? 100 : 0,
    rearHair: [rearHair ?? 'neckHigh'],
    rearHairProbability: rearHair ? 100 : 0,
    beard: [beard ?? 'fullBeard'],
    beardProbability: beard ? 100 : 0,
    hairColor: [hairColor],
    skinColor: [skinColor],
    eyes: [
      random.choice(['happy', 'happy', 'happy', 'wide', 'wide', 'wide', 'bow', 'humble', 'wink'] as const),
    ],
    eyebrows: [random.choice(['raised', 'angry', 'happy', 'sad', 'neutral'] as const)],
    mouth: [random.choice(['laugh', 'laugh', 'smile', 'smile', 'angry', 'agape', 'sad'] as const)],
    clothes: [random.choice(['turtleNeck', 'openJacket', 'dress', 'shirt', 'tShirt'] as const)],
    clothesColor: [random.choice(clothes).slice(1)],
  }).toString();
}

const freckles = [-44, -22, 0, 22]
  .flatMap((x, i) =>
    [leftEye.x + x, rightEye.x + x + 22].map((centre) => circle(centre, 474 + (i % 2) * 14, 5)),
  )
  .map((dot) => dot.replace('/>', ' fill="#8a4b2f" opacity=".75"/>'))
  .join('');

/** A pair in a dark frame, once in a while with tinted lenses. */
function drawGlasses(shape: 'round' | 'square', random: Random): string {
  const tinted = random.chance(0.05);
  const colour = random.choice([ink, ink, '#7a2f2b', '#24487a', '#2f4a3a']);
  const lens = ({ x, y }: { x: number; y: number }) =>
    shape === 'round'
      ? circle(x, y, 60)
      : `<rect x="${x - 62}" y="${y - 46}" width="124" height="92" rx="18"/>`;
  const glass = tinted ? 'fill="#1f2a3a" fill-opacity=".75"' : 'fill="#e8f4fb" fill-opacity=".12"';
  return `<g ${glass} stroke="${colour}" stroke-width="11">${lens(leftEye)}${lens(rightEye)}
    <path d="M${leftEye.x + 60} 404Q${middle} 388 ${rightEye.x - 60} 404M${leftEye.x - 60} 404L205 392M${rightEye.x + 60} 404L562 392" fill="none"/></g>`;
}

function drawEarrings(random: Random): string {
  const radius = random.uniform(10, 20);
  const metal = random.choice(['#e3b23c', '#d8dde2', '#c8553d', '#3f7cac']);
  return `<g fill="${metal}" stroke="${ink}" stroke-width="3">${circle(209, 492 + radius, radius)}${circle(558, 492 + radius, radius)}</g>`;
}

function drawScarf(random: Random): string {
  const wool = `fill="${random.choice(clothes)}" stroke="${ink}" stroke-width="4"`;
  return `<path d="M425 640L520 790L440 800L385 650Z" ${wool}/><path d="M268 612Q384 680 500 612Q545 660 500 690Q384 745 268 690Q225 660 268 612Z" ${wool}/>`;
}

function drawPartyHat(random: Random): string {
  const pose = `translate(${middle + random.uniform(-60, 60)} 150) rotate(${random.uniform(-18, 18)})`;
  return `<g transform="${pose}" stroke="${ink}" stroke-width="4"><path d="M-95 0L0 -215L95 0Q0 36 -95 0Z" fill="${random.choice(clothes)}"/><circle cy="-215" r="26" fill="#fff"/></g>`;
}

function drawFlower(random: Random): string {
  const petals = [0, 72, 144, 216, 288].map(
    (angle) => `<ellipse cy="-30" rx="21" ry="28" transform="rotate(${angle})"/>`,
  );
  const colour = random.choice(['#fff', '#f4b6c8', '#f2c14e', '#b79ced']);
  return `<g transform="translate(${random.chance(0.5) ? 235 : 533} 225)" stroke="${ink}" stroke-width="3"><g fill="${colour}">${petals.join('')}</g><circle r="17" fill="#e0a030"/></g>`;
}

function circle(x: number, y: number, radius: number): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}"/>`;
}
