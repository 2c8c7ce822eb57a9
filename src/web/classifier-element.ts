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
    <img alt="" part="picture" decoding="async" hidden>
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
    this.#preview(picture);
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
    const caution = faces?.length === 0 ? ' No face was found, so the whole picture counted.' : '';
    this.#say(`Most likely ${best!.label}, ${percent.format(best!.probability)}.${caution}`);
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

  #say(text: string, { isError = false } = {}): void {
    const status = this.#find('.status');
    status.classList.toggle('error', isError);
    status.textContent = text;
  }

  #setBusy(isBusy: boolean): void {
    this.#find('.answer').classList.toggle('busy', isBusy);
    this.setAttribute('aria-busy', String(isBusy));
  }

  #preview(picture: Blob): void {
    const image = this.#find<HTMLImageElement>('img');
    this.#find('.faces').replaceChildren();
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture);
    image.alt = picture instanceof File ? `The picture ${picture.name}` : 'The picture';
    const setShown = (isShown: boolean) => {
      image.hidden = !isShown;
      this.#find('.again').hidden = !isShown;
      this.#find('.invitation').hidden = isShown;
      this.#find('.drop').classList.toggle('filled', isShown);
    };
    image.onload = () => setShown(true);
    image.onerror = () => setShown(false);
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
  add(item, 'span', 'probability', percent.format(probability));
  const bar = add(add(item, 'div', 'track'), 'div', 'bar');
  bar.style.width = `${probability * 100}%`;
  return item;
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
