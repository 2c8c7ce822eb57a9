import { acceptDrops } from '../element/intake.js';
import { Capture } from './capture.js';
import { button, element } from './elements.js';
import type { FaceCount } from './problems.js';
import type { NamedPicture } from './project-archive.js';
import type { Look } from './studio-protocol.js';

export interface ClassCardOptions {
  /** Name of the class; visitors may change it. */
  readonly name: string;
  /** Embeds a picture and counts its faces. */
  look(picture: Blob): Promise<Look>;
  /** Called when there are other pictures, or the name is another. */
  onChange(): void;
  /** Called when the visitor removes the class. */
  onRemove(card: ClassCard): void;
  /** Called with errors to show to the visitor, and the picture's name. */
  onError(error: unknown, picture?: string): void;
}

/** A picture on the card. */
interface Entry extends NamedPicture {
  readonly root: HTMLLIElement;
  /** Its hash, once it was looked at. */
  content?: string;
  /** Address of a small picture, once it was looked at. */
  thumbnail?: string;
  /** Whether faces are looked for and none was found. */
  isFaceless?: boolean;
  /** Whether it is of one colour, or nearly. */
  isFlat?: boolean;
}

/** A class: its name, its pictures, and the ways to add more. */
export class ClassCard {
  readonly root = element('section', { className: 'card' });
  readonly #options: ClassCardOptions;
  readonly #name: HTMLInputElement;
  readonly #count = element('span', { className: 'count', role: 'status' });
  readonly #list = element('ul', { className: 'thumbs' });
  readonly #cameraButton = button('Camera');
  readonly #entries = new Set<Entry>();
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
      this.add([...(input.files ?? [])].map((file) => ({ name: file.name, blob: file })));
      // The same files may be chosen again.
      input.value = '';
    });
    this.#cameraButton.addEventListener('click', () => void this.#openCamera());
    this.root.append(
      element('header', {}, [this.#name, this.#count, this.#remove]),
      this.#list,
      element('p', { className: 'hint', textContent: 'Drop pictures here' }),
      element('div', { className: 'row' }, [
        element('label', { className: 'add' }, [input, 'Add pictures']),
        this.#cameraButton,
      ]),
    );
    acceptDrops(this.root, (files) => this.add(files.map((file) => ({ name: file.name, blob: file }))));
    this.#changed();
  }

  get name(): string {
    return this.#name.value.trim();
  }

  get pictures(): readonly NamedPicture[] {
    return [...this.#entries].map(({ name, blob }) => ({ name, blob }));
  }

  /** A picture that was looked at, by its hash. */
  find(content: string): { name: string; thumbnail: string; blob: Blob } | undefined {
    for (const entry of this.#entries)
      if (entry.content === content && entry.thumbnail !== undefined)
        return { name: entry.name, thumbnail: entry.thumbnail, blob: entry.blob };
    return undefined;
  }

  /** Hashes of the pictures that were looked at, each once. */
  get contents(): readonly string[] {
    const contents = [...this.#entries].flatMap(({ content }) => (content === undefined ? [] : [content]));
    return [...new Set(contents)];
  }

  /** Pictures that were not looked at yet. */
  get waiting(): number {
    return [...this.#entries].filter(({ content }) => content === undefined).length;
  }

  /** How many pictures were looked at, and in how many of them no face was found. */
  get faceCount(): FaceCount {
    const seen = [...this.#entries].filter(({ content }) => content !== undefined);
    return { seen: seen.length, faceless: seen.filter(({ isFaceless }) => isFaceless).length };
  }

  /** Names of the pictures that are of one colour, or nearly. */
  get flatNames(): readonly string[] {
    return [...this.#entries].filter(({ isFlat }) => isFlat).map(({ name }) => name);
  }

  add(pictures: readonly NamedPicture[]): void {
    for (const picture of pictures) void this.#add(picture);
    this.#changed();
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

  async #add({ name, blob }: NamedPicture): Promise<void> {
    const image = element('img', { alt: '', hidden: true });
    const remove = button('', { className: 'thumb', ariaLabel: `Remove ${name}`, title: name });
    remove.append(image);
    const entry: Entry = { name, blob, root: element('li', { className: 'waiting' }, [remove]) };
    remove.addEventListener('click', () => this.#drop(entry));
    this.#entries.add(entry);
    this.#list.append(entry.root);
    try {
      const { content, thumbnail, faces, flat } = await this.#options.look(blob);
      entry.content = content;
      entry.isFaceless = faces === 0;
      entry.isFlat = flat;
      entry.thumbnail = URL.createObjectURL(thumbnail);
      image.src = entry.thumbnail;
      image.hidden = false;
      entry.root.className = entry.isFaceless ? 'faceless' : '';
      if (entry.isFaceless) {
        remove.title = `${name}: no face was found, so the whole picture is taken`;
        remove.ariaLabel = `Remove ${name}, in which no face was found`;
      }
    } catch (error) {
      this.#drop(entry);
      this.#options.onError(error, name);
    }
    this.#changed();
  }

  #drop(entry: Entry): void {
    const next = (entry.root.nextElementSibling ?? entry.root.previousElementSibling)?.querySelector(
      'button',
    );
    const hadFocus = entry.root.contains(document.activeElement);
    this.#entries.delete(entry);
    entry.root.remove();
    if (hadFocus) (next ?? this.#name).focus();
    this.#changed();
  }

  async #openCamera(): Promise<void> {
    const capture = new Capture({
      onPicture: (picture) => this.add([{ name: picture.name, blob: picture }]),
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
    const count = this.#entries.size;
    this.#count.textContent = count === 1 ? '1 picture' : `${count} pictures`;
    this.#remove.ariaLabel = `Remove the class ${this.name}`;
    this.root.ariaLabel = this.name;
    this.#options.onChange();
  }
}
