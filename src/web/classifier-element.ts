import type { ModelMetadata } from '../graph/metadata.js';
import { type Classification, Classifier } from './classifier.js';
import { explain } from './explain.js';
import { ClassifierError, type Progress } from './protocol.js';
import { styles } from './styles.js';
import { describeFaces, formatShare, renderFaces, renderPrediction, template } from './view.js';

/** As large as previews get on a dense phone screen. */
const previewSide = 1024;

/** What the element tells about; `event.detail` is of these types. */
export interface ClassifierEvents {
  /** The model is there. */
  ready: CustomEvent<ModelMetadata>;
  prediction: CustomEvent<Classification>;
  error: CustomEvent<ClassifierError>;
}

/**
 * `<ort-classifier model="model.onnx">`: choose, drop or paste a picture, see what the model takes it for.
 *
 * Attributes: `model`, address of the ONNX file; `top`, how many classes to show (default 5).
 * Parts: layout, drop, input, invitation, picture, faces, again, answer, status, progress, predictions, prediction, label,
 * note, probability, track, bar.
 */
export class ClassifierElement extends HTMLElement {
  static readonly observedAttributes = ['model'];

  readonly #root = this.attachShadow({ mode: 'open' });
  #classifier?: Classifier;
  /** Counts the pictures, so that only the last one's answer is shown. */
  #turn = 0;
  /** Takes the listeners off the document. */
  #connection?: AbortController;

  constructor() {
    super();
    // A constructed style sheet is allowed where a Content-Security-Policy forbids inline styles.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.innerHTML = template;
    const input = this.#find<HTMLInputElement>('input');
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      if (file) void this.#show(file);
      // The same file may be chosen again.
      input.value = '';
    });
    this.#acceptDrops(this.#find('.drop'));
  }

  connectedCallback(): void {
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    document.addEventListener('paste', (event) => this.#paste(event), { signal });
    if (this.hasAttribute('model') && !this.#classifier) this.#load();
  }

  disconnectedCallback(): void {
    this.#connection?.abort();
    // An element that is only moved is connected again at once.
    queueMicrotask(() => {
      if (!this.isConnected) this.#close();
    });
  }

  attributeChangedCallback(): void {
    if (!this.isConnected) return;
    // Whatever the model before was asked no longer matters.
    this.#turn++;
    this.#setBusy(false);
    this.#close();
    this.#load();
  }

  /** The model; undefined while the element has none to load. */
  get classifier(): Classifier | undefined {
    return this.#classifier;
  }

  /**
   * Shows a picture and what it may be.
   *
   * @throws ClassifierError, which is shown as well.
   */
  async classify(picture: Blob): Promise<Classification> {
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    this.#setBusy(true);
    try {
      const classifier = this.#classifier;
      if (!classifier) throw new ClassifierError('no model', "The attribute 'model' is missing.");
      void this.#preview(picture, classifier, isCurrent);
      await classifier.ready;
      if (isCurrent()) this.#say('Looking…');
      const classification = await classifier.classify(picture);
      if (isCurrent()) this.#showAnswer(classification);
      return classification;
    } catch (error) {
      if (isCurrent()) this.#showError(error, picture);
      throw error;
    } finally {
      if (isCurrent()) this.#setBusy(false);
    }
  }

  /** Classifies what a visitor gave; the outcome is on the screen, so nobody waits for it. */
  async #show(picture: Blob): Promise<void> {
    await this.classify(picture).catch(() => {});
  }

  #load(): void {
    const model = this.getAttribute('model');
    if (!model) return;
    const progress = this.#find<HTMLProgressElement>('progress');
    const onProgress = ({ received, total }: Progress) => {
      if (total === undefined) progress.removeAttribute('value');
      else progress.value = received / total;
    };
    this.#say('Loading the model…');
    progress.hidden = false;
    const classifier = new Classifier(model, { onProgress });
    this.#classifier = classifier;
    const isCurrent = () => this.#classifier === classifier;
    classifier.ready
      .then(
        (metadata) => {
          if (!isCurrent()) return;
          this.#say(`Ready. It knows ${metadata.labels.length} classes.`);
          this.#emit('ready', metadata);
        },
        (error) => {
          if (isCurrent()) this.#showError(error);
        },
      )
      .finally(() => {
        if (isCurrent()) progress.hidden = true;
      });
  }

  #close(): void {
    this.#classifier?.close();
    this.#classifier = undefined;
  }

  #showAnswer(classification: Classification): void {
    const { predictions, faces } = classification;
    const top = Number(this.getAttribute('top') ?? 5);
    const [best] = predictions;
    this.#say(`Most likely ${best!.label}, ${formatShare(best!.probability)}.`, { isQuiet: true });
    this.#find('ol').replaceChildren(...predictions.slice(0, top).map(renderPrediction));
    this.#note(faces ? describeFaces(faces.length) : '');
    renderFaces(this.#find<SVGSVGElement>('.faces'), classification);
    this.#emit('prediction', classification);
  }

  #showError(error: unknown, picture?: Blob): void {
    const known =
      error instanceof ClassifierError
        ? error
        : new ClassifierError('failed', error instanceof Error ? error.message : String(error));
    const name = picture instanceof File ? picture.name : undefined;
    this.#say(explain(known, { model: this.getAttribute('model') ?? '', picture: name }), { isError: true });
    this.#find('ol').replaceChildren();
    this.#note('');
    this.#emit('error', known);
  }

  /** @param isQuiet only screen readers are told, since it is on the screen already */
  #say(text: string, { isError = false, isQuiet = false } = {}): void {
    const status = this.#find('.status');
    status.classList.toggle('quiet', isQuiet);
    status.classList.toggle('error', isError);
    status.textContent = text;
  }

  #note(text: string): void {
    this.#find('.note').textContent = text;
  }

  #setBusy(isBusy: boolean): void {
    this.#find('.answer').classList.toggle('busy', isBusy);
    this.setAttribute('aria-busy', String(isBusy));
  }

  /**
   * Draws the picture, small. An `<img>` would do, but browsers keep what they decoded for it long after it is gone,
   * hundreds of megabytes in all.
   */
  async #preview(picture: Blob, classifier: Classifier, isCurrent: () => boolean): Promise<void> {
    const canvas = this.#find<HTMLCanvasElement>('canvas');
    this.#find('.faces').replaceChildren();
    const bitmap = await classifier.preview(picture, previewSide).catch(() => undefined);
    if (isCurrent()) {
      if (bitmap) {
        canvas.width = bitmap.width;
        canvas.height = bitmap.height;
        canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
      }
      canvas.setAttribute(
        'aria-label',
        picture instanceof File ? `The picture ${picture.name}` : 'The picture',
      );
      canvas.hidden = !bitmap;
      this.#find('.again').hidden = !bitmap;
      this.#find('.invitation').hidden = bitmap !== undefined;
      this.#find('.drop').classList.toggle('filled', bitmap !== undefined);
    }
    bitmap?.close();
  }

  #acceptDrops(target: HTMLElement): void {
    const setOver = (isOver: boolean) => target.classList.toggle('over', isOver);
    target.addEventListener('dragover', (event) => {
      event.preventDefault();
      setOver(true);
    });
    target.addEventListener('dragleave', () => setOver(false));
    target.addEventListener('drop', (event) => {
      event.preventDefault();
      setOver(false);
      const [file] = event.dataTransfer?.files ?? [];
      if (file) void this.#show(file);
    });
  }

  #paste(event: ClipboardEvent): void {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.preventDefault();
    void this.#show(file);
  }

  #emit<K extends keyof ClassifierEvents>(type: K, detail: ClassifierEvents[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  #find<E extends Element = HTMLElement>(selector: string): E {
    return this.#root.querySelector<E>(selector)!;
  }
}

/** Makes `<ort-classifier>` known to the page. */
export function defineClassifierElement(): void {
  customElements.define('ort-classifier', ClassifierElement);
}
