/** A class as far as it matters for whether training can begin. */
export interface Draft {
  readonly name: string;
  /** How many of its pictures can be used. */
  readonly usable: number;
}

/** Why training cannot begin, in words for whoever presses the button; undefined when it can. */
export function problemOf(classes: readonly Draft[]): string | undefined {
  if (classes.length < 2)
    return 'There must be at least two classes, so that there is something to tell apart. Add a class.';
  const names = classes.map(({ name }) => name.trim());
  if (names.includes('')) return 'One class has no name. Give it one.';
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) return `Two classes are called “${double}”. Rename one of them.`;
  const empty = classes.find(({ usable }) => usable === 0);
  if (empty) return `“${empty.name.trim()}” has no pictures yet. Add some, or remove the class.`;
  return undefined;
}

/** Pictures that are named one by one. */
const mostNamed = 5;

/** Says which pictures are of one colour, or nearly; undefined where none is. */
export function describeFlat(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const named = names.slice(0, mostNamed).map((name) => `“${name}”`);
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `${named.join(', ')}${more}: there is one colour alone to see, or nearly, and so nothing to learn from.`;
}

/** The pictures of a class, counted. */
export interface FaceCount {
  /** How many of them were looked at. */
  readonly seen: number;
  /** How many of these have no face, though the model looks for faces. */
  readonly faceless: number;
}

/** Advice where most pictures have no face, though the model is made for faces; undefined where they have. */
export function describeFaceless(classes: readonly FaceCount[]): string | undefined {
  const sum = (count: (item: FaceCount) => number) => classes.reduce((total, item) => total + count(item), 0);
  const [seen, faceless] = [sum((item) => item.seen), sum((item) => item.faceless)];
  if (faceless * 2 <= seen) return undefined;
  return `No face was found in ${faceless} of ${seen} pictures. This studio is made for faces, and will tell other things apart less well. For those it is built with --weights imagenet.`;
}
