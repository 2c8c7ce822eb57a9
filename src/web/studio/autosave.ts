import { findElement as find } from '../find-element.js';
import { ProjectStore, type Snapshot } from './project-store.js';

/** Changes that come close together are written together. */
const pause = 300;

export interface AutosaveOptions {
  /** All that there is now. */
  snapshot(): Snapshot;
  /** Called with what to tell the visitor. */
  onProblem(text: string): void;
}

/** Keeps the project in the browser while it is worked on, and says so below the page. */
export class Autosave {
  readonly #options: AutosaveOptions;
  readonly #status = find('#kept');
  #store?: ProjectStore;
  #timer?: ReturnType<typeof setTimeout>;
  #isDirty = false;
  /** The writing that is under way. */
  #writing = Promise.resolve();
  #hasFailed = false;

  constructor(options: AutosaveOptions) {
    this.#options = options;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.flush();
    });
  }

  /** Whether all of it is written. */
  get isKept(): boolean {
    return this.#store !== undefined && !this.#isDirty && !this.#hasFailed;
  }

  /**
   * Opens the store for this tab alone: two that write into one would undo each other's work.
   *
   * @returns what an earlier visit left, if it did
   */
  async open(): Promise<Snapshot | undefined> {
    try {
      if (!(await isOnlyTab())) {
        this.#say(
          'This page is open in another tab, too, and that one keeps the pictures. Here nothing is kept: close the other tab and reload this one, or save to a file.',
        );
        return undefined;
      }
      const store = await ProjectStore.open();
      const left = await store.load();
      this.#store = store;
      await this.#showRoom();
      return left;
    } catch {
      this.#say(
        'This browser keeps nothing for this page, as in private windows. Save to a file before you leave.',
      );
      return undefined;
    }
  }

  /** Writes soon. */
  schedule(): void {
    this.#isDirty = true;
    if (!this.#store) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), pause);
  }

  /** Writes now, where anything is new. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Removes all that is kept. Whatever is there after is kept again. */
  async forget(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#store?.forget();
    this.#hasFailed = false;
  }

  async #write(): Promise<void> {
    if (!this.#store || !this.#isDirty) return;
    this.#isDirty = false;
    try {
      await this.#store.save(this.#options.snapshot());
      this.#hasFailed = false;
      await this.#showRoom();
    } catch (error) {
      this.#isDirty = true;
      if (!this.#hasFailed) this.#options.onProblem(explainFailure(error));
      this.#hasFailed = true;
      this.#say('What is new is not kept in this browser. Save to a file before you leave.');
    }
  }

  async #showRoom(): Promise<void> {
    const { classes, model } = this.#options.snapshot();
    const sizes = classes.flatMap(({ pictures }) => pictures.map(({ blob }) => blob.size));
    const bytes = sizes.reduce((sum, size) => sum + size, model?.file.size ?? 0);
    if (bytes === 0) return this.#say('Whatever you do here is kept in this browser, and nowhere else.');
    // Only pages that come over https are told.
    const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
    const room =
      quota === undefined || usage === undefined ? '' : ` There is room for ${inWords(quota - usage)} more.`;
    this.#say(`Kept in this browser, and nowhere else: ${inWords(bytes)}.${room}`);
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }
}

/** Bytes as people say them: `3.2 MB`. */
export function inWords(bytes: number): string {
  const [size, unit] = bytes >= 1e9 ? [bytes / 1e9, 'GB'] : [bytes / 1e6, 'MB'];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

function explainFailure(error: unknown): string {
  const { name, message } = error as DOMException;
  if (name === 'QuotaExceededError')
    return 'There is no more room for this page in this browser, so what is new is not kept. Save to a file, or remove pictures.';
  return `What is new could not be kept in this browser: ${message.replace(/\.$/, '')}. Save to a file before you leave.`;
}

/** How long the tab of before may take to go when a page is reloaded. */
const patience = 2000;

/** Takes a lock until this page goes. Browsers without locks have it always. */
async function isOnlyTab(): Promise<boolean> {
  if (!navigator.locks) return true;
  return new Promise((resolve, reject) => {
    navigator.locks
      .request('ort-transfer-studio', { signal: AbortSignal.timeout(patience) }, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch((error: DOMException) => (error.name === 'TimeoutError' ? resolve(false) : reject(error)));
  });
}
