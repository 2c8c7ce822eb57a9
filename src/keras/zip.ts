/** Pairs of two lists, as many as the shorter one has. */
export const zip = <A, B>(a: readonly A[], b: readonly B[]): (readonly [A, B])[] =>
  a.slice(0, b.length).map((item, i) => [item, b[i] as B] as const);
