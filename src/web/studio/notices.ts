import { printable } from '../../printable.js';
import { ClassifierError } from '../classifier-protocol.js';
import { describeError } from '../element/error-words.js';
import { findElement as find } from '../find-element.js';
import { button, element } from './elements.js';
import { ArchiveError } from './project-archive.js';
import { describeRejected, type Rejected } from './rejections.js';
import { StudioError } from './trainer-client.js';

const most = 5;

/** What went wrong, told above the pictures until the visitor goes on. */
export class Notices {
  readonly #root = find('#messages');
  /** Each failure of the worker itself is told once, not for each picture that waited for it. */
  readonly #told = new Set<string>();

  /** @param items listed below the text. Default: none */
  tell(text: string, items: readonly string[] = []): void {
    const close = button('×', {
      className: 'remove',
      ariaLabel: 'Close this note',
      title: 'Close this note',
    });
    const list = items.map((item) => element('li', { textContent: printable(item) }));
    const note = element('div', { className: 'notice' }, [
      element('div', {}, [
        element('p', { textContent: printable(text) }),
        ...(list.length > 0 ? [element('ul', {}, list)] : []),
      ]),
      close,
    ]);
    close.addEventListener('click', () => note.remove());
    this.#root.append(note);
    while (this.#root.childElementCount > most) this.#root.firstElementChild?.remove();
  }

  /** Tells of files that came together and cannot be used, in one note; and of other errors, each once. */
  tellRejected(rejected: readonly Rejected[], total: number): void {
    const reasons = rejected.flatMap(({ name, error }) =>
      error instanceof StudioError && error.fault === 'bad picture' ? [{ name, message: error.message }] : [],
    );
    if (reasons.length > 0) {
      const { text, reasons: items } = describeRejected(reasons, total);
      this.tell(text, items);
    }
    for (const { name, error } of rejected)
      if (!(error instanceof StudioError && error.fault === 'bad picture')) this.tellError(error, name);
  }

  /** @param file the name of the file that it is about */
  tellError(error: unknown, file?: string): void {
    const text = explainError(error, file);
    if (this.#told.has(text)) return;
    if (error instanceof StudioError) this.#told.add(text);
    this.tell(text);
  }

  clear(): void {
    this.#root.replaceChildren();
  }
}

/** An error in words for whoever uses the page. */
export function explainError(error: unknown, file?: string): string {
  if (error instanceof StudioError && error.fault === 'no runtime')
    return `This browser could not start what trains the model. A newer browser may help; so may reloading the page. ${error.message}`;
  if (error instanceof StudioError && error.fault === 'no assets')
    return `A part of this page could not be loaded. ${error.message}`;
  if (error instanceof ClassifierError) return describeError(error, { model: 'the model', picture: file });
  if (error instanceof ArchiveError) return `“${file}” cannot be opened. ${error.message}`;
  return `Something went wrong. ${error instanceof Error ? error.message : String(error)}`;
}
