import { Capture } from './capture.js';
import { acceptFolders, chosenFiles } from './dropped-files.js';
import { button, element } from './elements.js';
import { type NamedPicture, readPictures } from './project-archive.js';
import type { Rejected } from './rejections.js';
import type { PathedFile } from './sort-files.js';
import type { Look } from './studio-protocol.js';

/** A picture of a class. */
export interface ClassPicture extends NamedPicture {
  /** What it is stored under. */
  readonly key: string;
  /** What was seen, once it was looked at. */
  readonly look?: Look;
}

/** A picture to put on a card. */
export type NewPicture = NamedPicture & Partial<ClassPicture>;

export interface ClassCardOptions {
  /** Name of the class; visitors may change it. */
  readonly name: string;
  /** Embeds a picture and counts its faces. */
  look(picture: Blob): Promise<Look>;
  /** Called when there are other pictures, or the name is another. */
  onChange(): void;
  /** Called when the visitor removes the class. */
  onRemove(card: ClassCard): void;
  /** Called when the visitor has removed a picture. @param restore puts it back */
  onPictureRemoved(name: string, restore: () => void): void;
  /** Called with the files that were left out of those that came together. */
  onRejected(rejected: readonly Rejected[], total: number): void;
  /** Called with errors to show to the visitor, and the name of the file that they are about. */
  onError(error: unknown, file?: string): void;
}

/** A picture on the card. */
interface Entry extends NamedPicture {
  readonly key: string;
  readonly root: HTMLLIElement;
  look?: Look;
  /** Address of a small picture, once it was looked at. */
  thumbnail?: string;
}

/** A class: its name, its pictures, and the ways to add more. */
export class ClassCard {
  readonly root = element('section', { className: 'card' });
  readonly #options: ClassCardOptions;
  readonly #name: HTMLInputElement;
  readonly #count = element('span', { className: 'count', role: 'status' });
  readonly #list = element('ul', { className: 'thumbs' });
  readonly #cameraButton = button('Camera', { className: 'tight' });
  #entries: readonly Entry[] = [];
  readonly #remove = button('×', { className: 'remove', title: 'Remove the class' });
  #capture?: Capture;

  constructor(options: ClassCardOptions) {
    this.#options = options;
    this.#name = element('input', {
      className: 'name',
      value: options.name,
      ariaLabel: 'Name of the class',
      maxLength: 80,
    });
    this.#name.addEventListener('input', () => this.#changed());
    this.#name.addEventListener('focus', () => this.#name.select());
    this.#remove.addEventListener('click', () => options.onRemove(this));
    const input = element('input', { type: 'file', accept: 'image/*', multiple: true });
    input.addEventListener('change', () => {
      void this.addFiles(chosenFiles(input));
      // The same files may be chosen again.
      input.value = '';
    });
    this.#cameraButton.addEventListener('click', () => void this.#openCamera());
    this.root.append(
      element('header', {}, [this.#name, this.#count, this.#remove]),
      this.#list,
      element('p', { className: 'hint', textContent: 'Drop pictures here' }),
      element('div', { className: 'row' }, [
        element('label', { className: 'add tight' }, [input, 'Add pictures']),
        this.#cameraButton,
      ]),
    );
    acceptFolders(this.root, (files) => void this.addFiles(files));
    this.#changed();
  }

  get name(): string {
    return this.#name.value.trim();
  }

  set name(name: string) {
    this.#name.value = name;
    this.#changed();
  }

  /** Whether nobody has done anything with it yet. */
  get isUntouched(): boolean {
    return this.#entries.length === 0 && this.name === this.#options.name.trim();
  }

  get pictures(): readonly ClassPicture[] {
    return this.#entries.map(({ name, blob, key, look }) => ({ name, blob, key, look }));
  }

  /** A picture that was looked at, by its hash. */
  find(content: string): { name: string; thumbnail: string; blob: Blob } | undefined {
    for (const { name, blob, look, thumbnail } of this.#entries)
      if (look?.content === content && thumbnail !== undefined) return { name, thumbnail, blob };
    return undefined;
  }

  /** Hashes of the pictures that were looked at, each once. */
  get contents(): readonly string[] {
    return [...new Set(this.#entries.flatMap(({ look }) => look?.content ?? []))];
  }

  /** Pictures that were not looked at yet. */
  get waiting(): number {
    return this.#entries.filter(({ look }) => !look).length;
  }

  /** Puts pictures on the card, and looks at those that were not looked at. @returns once all were */
  async add(pictures: readonly NewPicture[]): Promise<void> {
    const entries = pictures.map((picture) => this.#place(picture));
    this.#changed();
    const rejected: Rejected[] = [];
    await Promise.all(
      entries.map(async (entry) => {
        if (entry.look) return;
        try {
          this.#show(entry, await this.#options.look(entry.blob));
        } catch (error) {
          rejected.push({ name: entry.name, error });
          this.#drop(entry);
        }
        this.#changed();
      }),
    );
    if (rejected.length > 0) this.#options.onRejected(rejected, entries.length);
  }

  /** Puts files on the card, whatever folders they come from, and what is in zip files among them. */
  async addFiles(files: readonly PathedFile[] | Promise<readonly PathedFile[]>): Promise<void> {
    try {
      const pictures: NamedPicture[] = [];
      for (const { file } of await files) {
        if (!isZip(file)) pictures.push({ name: file.name, blob: file });
        else
          await readPictures(file).then(
            (found) => pictures.push(...found),
            (error) => this.#options.onError(error, file.name),
          );
      }
      await this.add(pictures);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  focus(): void {
    this.#name.focus();
  }

  /** Stops the camera. */
  close(): void {
    this.#capture?.stop();
    this.#capture?.root.remove();
    this.#capture = undefined;
    this.#cameraButton.hidden = false;
  }

  /** Gives back the memory of the small pictures. The card is of no use after. */
  release(): void {
    this.close();
    for (const { thumbnail } of this.#entries) if (thumbnail) URL.revokeObjectURL(thumbnail);
  }

  #place({ name, blob, key = newKey(), look }: NewPicture): Entry {
    const image = element('img', { alt: '', hidden: true });
    const remove = button('', { className: 'thumb', ariaLabel: `Remove ${name}`, title: name });
    remove.append(image);
    const entry: Entry = { name, blob, key, root: element('li', { className: 'waiting' }, [remove]) };
    remove.addEventListener('click', () => {
      const index = this.#entries.indexOf(entry);
      this.#drop(entry);
      this.#options.onPictureRemoved(name, () => this.#putBack(entry, index));
    });
    this.#entries = [...this.#entries, entry];
    this.#list.append(entry.root);
    if (look) this.#show(entry, look);
    return entry;
  }

  #show(entry: Entry, look: Look): void {
    const { name, root } = entry;
    entry.look = look;
    entry.thumbnail = URL.createObjectURL(look.thumbnail);
    const [remove, image] = [root.querySelector('button'), root.querySelector('img')];
    if (!remove || !image) return;
    image.src = entry.thumbnail;
    image.hidden = false;
    root.className = look.faces === 0 ? 'faceless' : '';
    if (look.faces !== 0) return;
    remove.title = `${name}: no face was found, so the whole picture is taken`;
    remove.ariaLabel = `Remove ${name}, in which no face was found`;
  }

  #drop(entry: Entry): void {
    const next = (entry.root.nextElementSibling ?? entry.root.previousElementSibling)?.querySelector(
      'button',
    );
    const hadFocus = entry.root.contains(document.activeElement);
    this.#entries = this.#entries.filter((other) => other !== entry);
    entry.root.remove();
    if (hadFocus) (next ?? this.#name).focus();
    this.#changed();
  }

  #putBack(entry: Entry, index: number): void {
    this.#list.insertBefore(entry.root, this.#entries[index]?.root ?? null);
    this.#entries = this.#entries.toSpliced(index, 0, entry);
    entry.root.querySelector('button')?.focus();
    this.#changed();
  }

  async #openCamera(): Promise<void> {
    const capture = new Capture({
      onPicture: (picture) => void this.add([{ name: picture.name, blob: picture }]),
      onEnd: () => {
        this.close();
        this.#cameraButton.focus();
      },
    });
    this.#capture = capture;
    this.#cameraButton.hidden = true;
    this.root.insertBefore(capture.root, this.#list);
    try {
      await capture.start();
    } catch (error) {
      this.close();
      this.#options.onError(error);
    }
  }

  #changed(): void {
    const count = this.#entries.length;
    this.#count.textContent = count === 1 ? '1 picture' : `${count} pictures`;
    this.#remove.ariaLabel = `Remove the class ${this.name}`;
    this.root.ariaLabel = this.name;
    this.#options.onChange();
  }
}

export const isZip = ({ name }: File): boolean => /\.zip$/i.test(name);

/** A name that no other picture has. `crypto.randomUUID` is for pages that come over https alone. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join('-');
