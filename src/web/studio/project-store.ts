/** The project in the browser's own storage, IndexedDB: it is there again after a reload or a crash. */

import type { ClassPicture } from './class-card.js';
import type { KeptModel } from './model-panel.js';
import type { Settings } from './studio-protocol.js';

/** All that a visit has made. */
export interface Snapshot {
  readonly classes: readonly { readonly name: string; readonly pictures: readonly ClassPicture[] }[];
  readonly settings: Settings;
  readonly model: KeptModel | undefined;
}

/** A picture as it lies in the store; its key is beside it. */
type StoredPicture = Pick<ClassPicture, 'name' | 'blob' | 'look'>;

/** The classes with the keys of their pictures. */
interface Outline {
  readonly classes: readonly { readonly name: string; readonly pictures: readonly string[] }[];
  readonly settings: Settings;
}

const databaseName = 'ort-transfer-studio';
const version = 1;

/** The stores are cleared in one step with what is written, so what lies there is always whole. */
export class ProjectStore {
  readonly #database: IDBDatabase;
  /** What was seen of each picture that lies there. */
  readonly #kept = new Map<string, ClassPicture['look']>();
  #model: KeptModel | undefined;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab may want to throw it all away.
    database.addEventListener('versionchange', () => database.close());
  }

  /** @throws DOMException where the browser keeps nothing, as some do in private windows */
  static async open(): Promise<ProjectStore> {
    const request = indexedDB.open(databaseName, version);
    request.addEventListener('upgradeneeded', () => {
      request.result.createObjectStore('pictures');
      request.result.createObjectStore('project');
    });
    return new ProjectStore(await resultOf(request));
  }

  /** What lies there; undefined when nothing does. */
  async load(): Promise<Snapshot | undefined> {
    const transaction = this.#database.transaction(['pictures', 'project']);
    const [project, pictures] = [transaction.objectStore('project'), transaction.objectStore('pictures')];
    const [outline, model, keys, stored] = await Promise.all([
      resultOf<Outline | undefined>(project.get('outline')),
      resultOf<KeptModel | undefined>(project.get('model')),
      resultOf<IDBValidKey[]>(pictures.getAllKeys()),
      resultOf<StoredPicture[]>(pictures.getAll()),
    ]);
    if (!outline) return undefined;
    const byKey = new Map(keys.map((key, i) => [String(key), stored[i]]));
    for (const [key, picture] of byKey) this.#kept.set(key, picture?.look);
    this.#model = model;
    return {
      settings: outline.settings,
      model,
      classes: outline.classes.map(({ name, pictures }) => ({
        name,
        pictures: pictures.flatMap((key) => {
          const picture = byKey.get(key);
          return picture ? [{ ...picture, key }] : [];
        }),
      })),
    };
  }

  /** Writes what is new, and removes what is gone. @throws DOMException `QuotaExceededError` where there is no room */
  async save({ classes, settings, model }: Snapshot): Promise<void> {
    const transaction = this.#database.transaction(['pictures', 'project'], 'readwrite');
    const [project, pictures] = [transaction.objectStore('project'), transaction.objectStore('pictures')];
    const all = new Map(classes.flatMap(({ pictures }) => pictures.map((picture) => [picture.key, picture])));
    for (const key of this.#kept.keys()) if (!all.has(key)) pictures.delete(key);
    for (const [key, { name, blob, look }] of all)
      if (!this.#kept.has(key) || this.#kept.get(key) !== look)
        pictures.put({ name, blob, look } satisfies StoredPicture, key);
    const outline: Outline = {
      settings,
      classes: classes.map(({ name, pictures }) => ({ name, pictures: pictures.map(({ key }) => key) })),
    };
    project.put(outline, 'outline');
    if (model !== this.#model) {
      if (model) project.put(model, 'model');
      else project.delete('model');
    }
    await endOf(transaction);
    this.#model = model;
    this.#kept.clear();
    for (const [key, { look }] of all) this.#kept.set(key, look);
  }

  /** Removes all of it. */
  async forget(): Promise<void> {
    const transaction = this.#database.transaction(['pictures', 'project'], 'readwrite');
    transaction.objectStore('pictures').clear();
    transaction.objectStore('project').clear();
    await endOf(transaction);
    this.#kept.clear();
    this.#model = undefined;
  }
}

const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });

const endOf = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error));
  });
