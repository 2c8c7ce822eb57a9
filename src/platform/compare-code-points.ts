/** Python's order of strings. JavaScript's own compares UTF-16 units, which puts emoji before `ﬀ`. */
export function compareCodePoints(a: string, b: string): number {
  const others = b[Symbol.iterator]();
  for (const character of a) {
    const { value: other, done } = others.next();
    if (done) return 1;
    const difference = codePoint(character) - codePoint(other);
    if (difference !== 0) return difference;
  }
  return others.next().done ? 0 : -1;
}

const codePoint = (character: string): number => character.codePointAt(0) ?? 0;
