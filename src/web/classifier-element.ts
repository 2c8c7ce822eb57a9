import type { ModelMetadata } from '../graph/metadata.js';
import { type Classification, Classifier, type Prediction } from './classifier.js';
import { explain } from './explain.js';
import { ClassifierError, type Progress } from './protocol.js';
import { styles } from './styles.js';

const template = `
<div class="layout" part="layout">
  <label class="drop" part="drop">
    <input type="file" accept="image/*" part="input">
    <span class="invitation" part="invitation">
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"
        stroke-linejoin="round" aria-hidden="true">
        <rect x="3" y="4" width="18" height="16" rx="3"/><circle cx="8.5" cy="9.5" r="1.5"/>
        <path d="m4 18 5-5 3 3 4-4 4 4"/>
      </svg>
      <strong>Choose a picture</strong>
      <span>or drop one here, or paste it</span>
    </span>
    <canvas part="picture" role="img" hidden></canvas>
    <svg class="faces" part="faces" aria-hidden="true"></svg>
    <span class="again" part="again" hidden>Choose another</span>
  </label>
  <div class="answer" part="answer">
    <p class="status" part="status" role="status"></p>
    <progress part="progress" aria-label="Loading the model" hidden></progress>
    <ol part="predictions" aria-label="What it may be"></ol>
  </div>
</div>`;

const percent = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

const formatShare = (probability: number): string =>
  probability < 0.0005 ? '< 0.1%' : percent.format(probability);

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
 * probability, track, bar.
 */
export class ClassifierElement extends HTMLElement {
  static readonly observedAttributes = ['model'];

  readonly #root = this.attachShadow({ mode: 'open' });
  #classifier?: Promise<Classifier>;
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
  }

  attributeChangedCallback(): void {
    if (!this.isConnected) return;
    this.#close();
    this.#load();
  }

  /** The model; rejects when it cannot be loaded. */
  get classifier(): Promise<Classifier> {
    return (
      this.#classifier ?? Promise.reject(new ClassifierError('no model', "The attribute 'model' is missing."))
    );
  }

  /**
   * Shows a picture and what it may be.
   *
   * @throws ClassifierError, which is shown as well.
   */
  async classify(picture: Blob): Promise<Classification> {
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    void this.#preview(picture, isCurrent);
    this.#setBusy(true);
    try {
      const classifier = await this.classifier;
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
    const loading = Classifier.load(model, { onProgress });
    this.#classifier = loading;
    const isCurrent = () => this.#classifier === loading;
    loading
      .then(
        ({ metadata }) => {
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
    this.#classifier?.then(
      (classifier) => classifier.close(),
      () => {},
    );
    this.#classifier = undefined;
  }

  #showAnswer(classification: Classification): void {
    const { predictions, faces } = classification;
    const top = Number(this.getAttribute('top') ?? 5);
    const [best] = predictions;
    const isFaceless = faces?.length === 0;
    const caution = isFaceless ? ' No face was found, so the whole picture counted.' : '';
    this.#say(`Most likely ${best!.label}, ${formatShare(best!.probability)}.${caution}`, {
      isQuiet: !isFaceless,
    });
    this.#find('ol').replaceChildren(...predictions.slice(0, top).map(renderPrediction));
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
    this.#emit('error', known);
  }

  /** @param isQuiet only screen readers are told, since it is on the screen already */
  #say(text: string, { isError = false, isQuiet = false } = {}): void {
    const status = this.#find('.status');
    status.classList.toggle('quiet', isQuiet);
    status.classList.toggle('error', isError);
    status.textContent = text;
  }

  #setBusy(isBusy: boolean): void {
    this.#find('.answer').classList.toggle('busy', isBusy);
    this.setAttribute('aria-busy', String(isBusy));
  }

  /**
   * Draws the picture, small. An `<img>` would do, but browsers keep what they decoded for it long after it is gone,
   * hundreds of megabytes in all.
   */
  async #preview(picture: Blob, isCurrent: () => boolean): Promise<void> {
    const canvas = this.#find<HTMLCanvasElement>('canvas');
    this.#find('.faces').replaceChildren();
    const bitmap = await createImageBitmap(picture).catch(() => undefined);
    if (isCurrent()) {
      if (bitmap) drawSmall(canvas, bitmap);
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

function renderPrediction({ label, probability }: Prediction): HTMLLIElement {
  const item = document.createElement('li');
  item.part.add('prediction');
  const add = (parent: HTMLElement, tag: string, name: string, text = '') => {
    const child = document.createElement(tag);
    child.className = name;
    child.part.add(name);
    child.textContent = text;
    return parent.appendChild(child);
  };
  add(item, 'span', 'label', label);
  add(item, 'span', 'probability', formatShare(probability));
  const bar = add(add(item, 'div', 'track'), 'div', 'bar');
  bar.style.width = `${probability * 100}%`;
  return item;
}

/** As large as previews get on a dense phone screen. */
const previewSide = 1024;

function drawSmall(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  const scale = Math.min(1, previewSide / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d');
  if (!context) return;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

/** Frames the faces, the one that counts first and strongest. */
function renderFaces(svg: SVGSVGElement, { width, height, faces = [] }: Classification): void {
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...faces.map(({ box: { left, top, right, bottom } }) => {
      const frame = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
      const place = { x: left, y: top, width: right - left, height: bottom - top, rx: (right - left) / 12 };
      for (const [name, value] of Object.entries(place)) frame.setAttribute(name, String(value));
      return frame;
    }),
  );
}
