/** A picture with its first embedding, and whether its levels hardly differ. */
interface Shown {
  readonly path: string;
  readonly views: readonly Float32Array[];
  readonly flat: boolean;
}

/** Pictures that are named one by one. */
const mostNamed = 5;

/** Embeddings whose values differ by less than this share of the largest one are of pictures that look the same. */
const tolerance = 1e-4;

/**
 * Says that pictures show nothing to learn from, whatever the cause: that some are of one colour, or that all are alike.
 *
 * @returns a sentence for each, where it is so
 */
export function describeFlat(pictures: readonly Shown[], { folder }: { folder: string }): string[] {
  const flat = pictures.filter((picture) => picture.flat);
  const warnings: string[] = [];
  if (flat.length > 0)
    warnings.push(
      `${flat.length} of ${pictures.length} pictures of ${folder} show one colour alone, or nearly: ${list(flat)}. Hint: pictures of 16 bits that use a small part of their range turn black; stretch their levels first.`,
    );
  if (flat.length < pictures.length && areAlike(pictures))
    warnings.push(`All ${pictures.length} pictures of ${folder} look the same: ${list(pictures)}.`);
  return warnings;
}

const list = (pictures: readonly Shown[]): string => {
  const named = pictures.slice(0, mostNamed).map(({ path }) => path);
  const more = pictures.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

function areAlike([first, ...others]: readonly Shown[]): boolean {
  const [row] = first?.views ?? [];
  if (!row || others.length === 0) return false;
  const most = tolerance * row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return others.every(({ views: [other] }) =>
    other?.every((value, i) => Math.abs(value - (row[i] ?? Number.NaN)) <= most),
  );
}
