import { printable } from '../../printable.js';
import type { Classification } from '../classifier.js';
import { ClassifierError } from '../classifier-protocol.js';
import { describePicture } from './error-words.js';

export interface SeveralOptions {
  /** The list that is filled. */
  readonly list: HTMLElement;
  /** Shows a picture with its answer. */
  readonly show: (picture: Blob) => Promise<Classification>;
  /** Classifies a picture, and shows nothing. */
  readonly look: (picture: Blob) => Promise<Classification>;
  /** An answer in a few words. */
  readonly describe: (answer: Classification) => string;
}

/**
 * Lists several pictures with their answers, one after the other; the first is shown, and each entry opens its own.
 * A list that is emptied meanwhile is left at that.
 */
export async function showSeveral(
  pictures: readonly Blob[],
  { list, show, look, describe }: SeveralOptions,
): Promise<void> {
  const entries = pictures.map((picture, i) => {
    const button = document.createElement('button');
    button.type = 'button';
    const [name, answer] = [document.createElement('span'), document.createElement('span')];
    name.textContent = printable(picture instanceof File ? picture.name : `Picture ${i + 1}`);
    answer.className = 'found';
    answer.textContent = '…';
    button.append(name, answer);
    button.addEventListener('click', () => {
      for (const { button: other } of entries) other.ariaCurrent = null;
      button.ariaCurrent = 'true';
      // Errors are on the screen.
      show(picture).catch(() => {});
    });
    return { picture, button, answer };
  });
  list.replaceChildren(
    ...entries.map(({ button }) => {
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
  for (const [i, { picture, button, answer }] of entries.entries()) {
    if (!list.contains(button)) return;
    if (i === 0) button.ariaCurrent = 'true';
    const words = (i === 0 ? show : look)(picture).then(describe, describeFailure);
    answer.textContent = printable(await words);
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof ClassifierError && error.fault === 'bad picture')
    return describePicture(error.message);
  return error instanceof Error ? error.message : String(error);
}
