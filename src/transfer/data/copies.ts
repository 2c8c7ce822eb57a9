import type { Dataset, LabelledPicture } from '../../classifier/dataset.js';

/**
 * What copies of one file among the pictures make worthless: an accuracy that was measured on pictures that were
 * trained on, and a class that is called by two names. Files alone are compared, byte for byte; `inspect` finds more.
 *
 * @returns a sentence for each of the two, where it is so
 */
export function describeCopies(training: Dataset, validation: Dataset | null): string[] {
  const all = [training, ...(validation ? [validation] : [])].flatMap(({ pictures }) => pictures);
  const labels = new Map<string, number>();
  const ambiguous: LabelledPicture[] = [];
  for (const picture of all) {
    const label = labels.get(picture.content);
    if (label === undefined) labels.set(picture.content, picture.label);
    else if (label !== picture.label) ambiguous.push(picture);
  }
  const trained = new Set(training.pictures.map(({ content }) => content));
  const known = validation?.pictures.filter(({ content }) => trained.has(content)) ?? [];
  const look = 'Hint: ort-transfer inspect lists copies.';
  return [
    ...(known.length > 0
      ? [
          `Validation pictures that are copies of training pictures: ${known.length} of ${validation!.pictures.length}, like ${known[0]!.path}. The accuracy will look better than it is. ${look}`,
        ]
      : []),
    ...(ambiguous.length > 0
      ? [
          `Pictures that are copies of one in another class: ${ambiguous.length}, like ${ambiguous[0]!.path}. Nothing can tell these apart. ${look}`,
        ]
      : []),
  ];
}
