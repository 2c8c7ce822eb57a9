import { printable } from '../../printable.js';
import { findElement as find } from '../find-element.js';

interface Removal {
  /** Whatever was removed. */
  readonly what: string;
  restore(): void;
}

/** As far back as one goes. */
const most = 50;

/** Takes back what was removed, the last first: by its button, and by Ctrl or Cmd and Z. */
export class Undo {
  readonly #bar = find('#undo');
  #removals: readonly Removal[] = [];

  constructor() {
    find('#undo-button').addEventListener('click', () => this.#back());
    find('#undo-close').addEventListener('click', () => this.clear());
    document.addEventListener('keydown', (event) => {
      const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z';
      // In a text the browser takes back what was typed.
      const isInText = event.target instanceof HTMLInputElement && event.target.type !== 'file';
      if (!isUndo || isInText || this.#removals.length === 0) return;
      event.preventDefault();
      this.#back();
    });
  }

  push(removal: Removal): void {
    this.#removals = [...this.#removals, removal].slice(-most);
    this.#show();
  }

  clear(): void {
    this.#removals = [];
    this.#show();
  }

  #back(): void {
    const last = this.#removals.at(-1);
    this.#removals = this.#removals.slice(0, -1);
    this.#show();
    last?.restore();
  }

  #show(): void {
    const last = this.#removals.at(-1);
    this.#bar.hidden = !last;
    find('#undo-text').textContent = last ? `Removed ${printable(last.what)}.` : '';
  }
}
