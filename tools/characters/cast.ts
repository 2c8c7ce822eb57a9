/** The features of each made-up character, alike in every picture: variants of DiceBear's style ToonHead. */
export interface Character {
  readonly name: string;
  /** Hair on top; without it the head is bald. */
  readonly hair?: 'sideComed' | 'undercut' | 'spiky' | 'bun';
  /** Hair that falls behind the head. */
  readonly rearHair?: 'longStraight' | 'longWavy' | 'shoulderHigh' | 'neckHigh';
  readonly beard?: 'moustacheTwirl' | 'fullBeard' | 'chinMoustache';
  readonly hairColor: string;
  readonly skinColor: string;
  readonly freckles?: boolean;
  /** The shape of the glasses always worn. */
  readonly glasses?: 'round' | 'square';
}

const black = '2c1b18';
const brown = '724133';
const auburn = '8f3d20';
const blond = 'd2a24c';
const grey = 'bdbab5';

const pale = 'edb98f';
const beige = 'd99e72';
const tan = 'b57c52';
const deep = '8a5a3c';

/**
 * Fourteen made-up characters. Each colour of hair and of skin, each cut and each beard belongs to several of them,
 * so that no single thing gives anyone away.
 */
// biome-ignore format: a table
export const cast: readonly Character[] = [
  { name: 'Alba',  hair: 'bun',       hairColor: auburn, skinColor: pale,  freckles: true },
  { name: 'Bruno', beard: 'fullBeard', hairColor: brown, skinColor: beige },
  { name: 'Carla', hair: 'sideComed', rearHair: 'longWavy', hairColor: black, skinColor: tan },
  { name: 'Dario', hair: 'spiky',     hairColor: blond,  skinColor: beige, freckles: true },
  { name: 'Elena', hair: 'sideComed', rearHair: 'longStraight', hairColor: blond, skinColor: pale, glasses: 'round' },
  { name: 'Felix', hair: 'undercut',  beard: 'moustacheTwirl', hairColor: auburn, skinColor: pale },
  { name: 'Greta', hair: 'bun',       hairColor: grey,   skinColor: beige, glasses: 'square' },
  { name: 'Hugo',  hair: 'undercut',  beard: 'fullBeard', hairColor: black, skinColor: deep },
  { name: 'Ines',  hair: 'bun',       rearHair: 'shoulderHigh', hairColor: black, skinColor: deep },
  { name: 'Jonas', hair: 'sideComed', beard: 'moustacheTwirl', hairColor: grey, skinColor: deep },
  { name: 'Kira',  hair: 'spiky',     rearHair: 'neckHigh', hairColor: black, skinColor: pale },
  { name: 'Leon',  beard: 'chinMoustache', hairColor: black, skinColor: deep, glasses: 'square' },
  { name: 'Mira',  hair: 'sideComed', rearHair: 'shoulderHigh', hairColor: brown, skinColor: beige, glasses: 'round' },
  { name: 'Nils',  hair: 'undercut',  rearHair: 'longStraight', beard: 'fullBeard', hairColor: brown, skinColor: tan },
];
