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
 * @param alike whether all look the same. Default: their first views tell.
 * @returns a sentence for each, where it is so
 */
export function describeFlat(
  pictures: readonly Shown[],
  { folder, alike = areAlike(pictures) }: { folder: string; alike?: boolean },
): string[] {
  const flat = pictures.filter((picture) => picture.flat);
  const warnings: string[] = [];
  if (flat.length > 0)
    warnings.push(
      `${flat.length} of ${pictures.length} pictures of ${folder} show one colour alone, or nearly: ${list(flat)}. Hint: pictures of 16 bits that use a small part of their range turn black; stretch their levels first.`,
    );
  if (flat.length < pictures.length && alike)
    warnings.push(`All ${pictures.length} pictures of ${folder} look the same: ${list(pictures)}.`);
  return warnings;
}

const list = (pictures: readonly Shown[]): string => {
  const named = pictures.slice(0, mostNamed).map(({ path }) => path);
  const more = pictures.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

function areAlike(pictures: readonly Shown[]): boolean {
  const likeness = new Likeness();
  for (const { views } of pictures) if (views[0]) likeness.add(views[0]);
  return likeness.isLike;
}

/** Whether embeddings that are seen one by one are of pictures that look the same. */
export class Likeness {
  #first: Float32Array | null = null;
  #most = 0;
  #count = 0;
  #differ = false;

  /** Whether there were several, all alike. */
  get isLike(): boolean {
    return this.#count > 1 && !this.#differ;
  }

  /** @param row (D), which may change afterwards */
  add(row: Float32Array): void {
    this.#count++;
    if (!this.#first) {
      this.#first = row.slice();
      this.#most = tolerance * row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      return;
    }
    const first = this.#first;
    this.#differ ||= !row.every((value, i) => Math.abs(value - (first[i] ?? Number.NaN)) <= this.#most);
  }
}
