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
