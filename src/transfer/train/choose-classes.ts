import { compareClasses } from '#platform';
import { TrainingError } from '../../classifier/head.js';
import { type ClassFolder, listClasses, relabel } from '../data/list-classes.js';
import { refuseSplits } from '../data/splits.js';
import type { Reporter } from '../reporter.js';

/** The pictures to train on, and those to validate on where a folder of them was named. */
export interface ChosenClasses {
  readonly training: ClassFolder;
  /** Its labels count in the classes of `training`. */
  readonly validation: ClassFolder | null;
}

/**
 * Finds out before the long work begins whether the folders can lead to a model.
 *
 * @throws TrainingError where there is nothing to tell apart, or nothing to validate on; FolderError where there are no
 * pictures at all
 */
export async function chooseClasses(
  { train, validation, strict }: { train: string; validation?: string; strict?: boolean },
  reporter: Reporter,
): Promise<ChosenClasses> {
  const training = await listClasses(train, { strict }, reporter);
  refuseSplits(training, ({ train: part, held }) =>
    held ? `use \`train\` ${part} \`validation\` ${held}.` : `use \`train\` ${part}.`,
  );
  const { classes } = training;
  if (classes.length < 2)
    throw new TrainingError(
      `Expected at least 2 classes. Received: only '${classes[0]}' in ${train}. Hint: add a folder with pictures of something else.`,
    );
  if (validation === undefined) return { training, validation: null };
  const held = await listClasses(validation, { strict }, reporter);
  refuseSplits(held, ({ train: part, held: own = part }) => `use \`validation\` ${own}.`);
  const { images } = relabel(held, classes);
  if (images.length === 0)
    throw new TrainingError(
      `Expected classes of ${train} in ${validation}, like '${classes[0]}'. Received: ${held.classes.map((name) => `'${name}'`).join(', ')}.`,
    );
  for (const warning of compareClasses(classes, held.classes)) reporter.warn(warning);
  return { training, validation: { ...held, classes, images } };
}
