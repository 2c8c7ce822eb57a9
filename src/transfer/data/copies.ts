import type { Dataset, LabelledPicture } from '../../classifier/dataset.js';

/**
 * Warns of copies of one file in both splits, which make the accuracy worthless, and in two classes, which nothing can
 * tell apart. Files are compared byte for byte; `inspect` finds more.
 *
 * @returns a sentence for each of the two cases
 */
export function describeCopies(training: Dataset, validation: Dataset | null): string[] {
  const held = validation?.pictures ?? [];
  const labels = new Map<string, number>();
  const ambiguous: LabelledPicture[] = [];
  for (const picture of [...training.pictures, ...held]) {
    const label = labels.get(picture.content);
    if (label === undefined) labels.set(picture.content, picture.label);
    else if (label !== picture.label) ambiguous.push(picture);
  }
  const trained = new Set(training.pictures.map(({ content }) => content));
  const [known, ...others] = held.filter(({ content }) => trained.has(content));
  const [copy] = ambiguous;
  const look = 'Hint: ort-transfer inspect lists copies.';
  return [
    ...(known
      ? [
          `Validation pictures that are copies of training pictures: ${others.length + 1} of ${held.length}, like ${known.path}. The accuracy will look better than it is. ${look}`,
        ]
      : []),
    ...(copy
      ? [
          `Pictures that are copies of one in another class: ${ambiguous.length}, like ${copy.path}. Nothing can tell these apart. ${look}`,
        ]
      : []),
  ];
}
