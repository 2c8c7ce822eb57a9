/** What is better known before training, in words for whoever presses the button. */

import { count } from './studio-report.js';

/** A class as far as advice looks at it. */
export interface AdvisedClass {
  readonly name: string;
  readonly pictures: readonly AdvisedPicture[];
}

export interface AdvisedPicture {
  readonly name: string;
  /** Hash of the file; undefined while it was not looked at. */
  readonly content?: string;
  /** Faces found; null where the model does not look at faces. */
  readonly faces?: number | null;
  /** Whether the picture is of one colour, or nearly. */
  readonly flat?: boolean;
}

/** How many times the pictures of the smallest class the largest may have without a word, as in `ort-transfer train`. */
const mostTimes = 3;
/** Fewer pictures of a class than this teach little. */
const enough = 5;
/** Pictures that are named one by one. */
const mostNamed = 5;

/** One sentence or two for each thing that training will suffer from; none where all is well. */
export function adviseOn(classes: readonly AdvisedClass[]): string[] {
  const advice = [inTwoClasses(classes), ...copies(classes), uneven(classes), few(classes)];
  return [...advice, faceless(classes), flat(classes)].filter((text) => text !== undefined);
}

function inTwoClasses(classes: readonly AdvisedClass[]): string | undefined {
  const places = new Map<string, { name: string; classes: Set<string> }>();
  for (const { name: label, pictures } of classes)
    for (const { name, content } of pictures) {
      if (content === undefined) continue;
      const place = places.get(content) ?? { name, classes: new Set() };
      place.classes.add(label);
      places.set(content, place);
    }
  const [first, ...others] = [...places.values()].filter(({ classes }) => classes.size > 1);
  if (!first) return undefined;
  const where = [...first.classes].map((label) => `“${label}”`).join(' and in ');
  const more = others.length > 0 ? `, and so with ${pictureCount(others.length)} more` : '';
  return `The same picture is in ${where}: “${first.name}”${more}. Nothing can tell those apart. Remove it from one of them.`;
}

const copies = (classes: readonly AdvisedClass[]): (string | undefined)[] =>
  classes.map(({ name, pictures }) => {
    const contents = pictures.flatMap(({ content }) => content ?? []);
    const extra = contents.length - new Set(contents).size;
    if (extra === 0) return undefined;
    return `“${name}” has ${pictureCount(extra)} more than once. Copies count once.`;
  });

function uneven(classes: readonly AdvisedClass[]): string | undefined {
  const sizes = classes
    .map(({ name, pictures }) => ({ name, size: pictures.length }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => a.size - b.size);
  const [least, most] = [sizes[0], sizes.at(-1)];
  if (!least || !most || most.size <= mostTimes * least.size) return undefined;
  return `“${most.name}” has ${pictureCount(most.size)}, “${least.name}” has ${least.size}: a class with few is recognised less. More pictures of it help.`;
}

function few(classes: readonly AdvisedClass[]): string | undefined {
  // While somebody is still adding pictures there are few of each.
  if (classes.length < 2 || classes.some(({ pictures }) => pictures.length === 0)) return undefined;
  const small = classes.filter(({ pictures }) => pictures.length < enough);
  const [first] = small;
  if (!first) return undefined;
  const names =
    small.length === classes.length && classes.length > 1
      ? 'The classes have'
      : `${small.map(({ name }) => `“${name}”`).join(', ')} ${small.length === 1 ? 'has' : 'have'}`;
  return `${names} fewer than ${enough} pictures. It will learn more from 10 or 20 of each.`;
}

/** Where most pictures have no face, though the model is made for faces. */
function faceless(classes: readonly AdvisedClass[]): string | undefined {
  const seen = classes.flatMap(({ pictures }) => pictures).filter(({ content }) => content !== undefined);
  const without = seen.filter(({ faces }) => faces === 0).length;
  if (without * 2 <= seen.length) return undefined;
  return `No face was found in ${without} of ${pictureCount(seen.length)}. This studio is made for faces, and will tell other things apart less well. For those it is built with --weights imagenet.`;
}

function flat(classes: readonly AdvisedClass[]): string | undefined {
  const names = classes.flatMap(({ pictures }) =>
    pictures.filter(({ flat }) => flat).map(({ name }) => name),
  );
  if (names.length === 0) return undefined;
  const named = names.slice(0, mostNamed).map((name) => `“${name}”`);
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `${named.join(', ')}${more}: there is one colour alone to see, or nearly, and so nothing to learn from.`;
}

const pictureCount = (number: number): string => count(number, 'picture');
