import { printable } from '../../printable.js';
import { ClassifierError } from '../classifier-protocol.js';
import { describeError, describePicture } from '../element/error-words.js';
import { findElement as find } from '../find-element.js';
import { ArchiveError } from './project-archive.js';
import { StudioError } from './trainer-client.js';

const most = 5;

/** What went wrong, told above the pictures until the visitor goes on. */
export class Notices {
  readonly #root = find('#messages');
  /** Each failure of the worker itself is told once, not for each picture that waited for it. */
  readonly #told = new Set<string>();

  tell(text: string): void {
    const item = document.createElement('p');
    item.textContent = printable(text);
    this.#root.append(item);
    while (this.#root.childElementCount > most) this.#root.firstElementChild?.remove();
  }

  /** @param file the name of the file that it is about */
  tellError(error: unknown, file?: string): void {
    const text = explainError(error, file);
    if (this.#told.has(text)) return;
    if (error instanceof StudioError && error.fault !== 'bad picture') this.#told.add(text);
    this.tell(text);
  }

  clear(): void {
    this.#root.replaceChildren();
  }
}

/** An error in words for whoever uses the page. */
export function explainError(error: unknown, file?: string): string {
  if (error instanceof StudioError && error.fault === 'bad picture')
    return `“${file}” cannot be read as a picture, so it was left out. ${describePicture(error.message)}`;
  if (error instanceof StudioError && error.fault === 'no runtime')
    return `This browser could not start what trains the model. A newer browser may help; so may reloading the page. ${error.message}`;
  if (error instanceof StudioError && error.fault === 'no assets')
    return `A part of this page could not be loaded. ${error.message}`;
  if (error instanceof ClassifierError) return describeError(error, { model: 'the model', picture: file });
  if (error instanceof ArchiveError) return `“${file}” cannot be opened. ${error.message}`;
  return `Something went wrong. ${error instanceof Error ? error.message : String(error)}`;
}
