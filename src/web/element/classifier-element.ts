import { printable } from '../../printable.js';
import { type Classification, Classifier } from '../classifier.js';
import { ClassifierError, type Progress, type WebProvider } from '../classifier-protocol.js';
import { findElement } from '../find-element.js';
import { Camera } from './camera.js';
import { type ClassifierAttributes, type ClassifierEvents, ElementBase } from './element-base.js';
import { describeError } from './error-words.js';
import { acceptDrops, acceptPastes } from './intake.js';
import { styles } from './styles.js';
import {
  describeDoubts,
  formatShare,
  layHeat,
  listLabels,
  renderFaces,
  renderPrediction,
  renderUnknown,
  template,
} from './view.js';

/** As large as previews get on a dense phone screen. */
const previewSide = 1024;

/**
 * `<ort-classifier model="model.onnx">`: choose, drop or paste a picture, or use the camera, and see its classes.
 *
 * Attributes:
 * - `model`: address of the ONNX file. It is kept for later visits, and serves offline.
 * - `top`: how many classes to show; default 5.
 * - `loading="lazy"`: the model is fetched when the element comes near the screen, rather than at once.
 * - `provider="webgpu"`: runs the model on the graphics card where that works, and as elsewhere where not.
 * - `explain`: lays over the next pictures where the model looked, if it was exported with `--explain`.
 * - `assets`: folder of ONNX Runtime's files and the face detector; default: that of the script.
 *
 * Events, which bubble: `ready` (detail: ModelMetadata), `prediction` (Classification; with the camera on, many a
 * second), `error` (ClassifierError).
 *
 * Methods: `classify(picture)`, `load(model)`, `startCamera()`, `stopCamera()`. Property: `classifier`.
 *
 * Parts: layout, give, drop, input, invitation, picture, heat, video, faces, again, camera, answer, status, progress,
 * predictions, prediction, unknown, label, note, probability, track, bar. Custom properties: `--ort-accent`,
 * `--ort-accent-soft`, `--ort-surface`, `--ort-line`, `--ort-text`, `--ort-muted`, `--ort-error`,
 * `--ort-error-soft`, `--ort-radius`.
 *
 * Needs of a Content-Security-Policy: `script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'`.
 */
export class ClassifierElement extends ElementBase {
  static readonly observedAttributes = ['model', 'provider', 'assets'];

  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #camera: Camera;
  #classifier?: Classifier;
  /** The model that `load` was given; goes before the attribute. */
  #source?: string | URL | Blob;
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
    acceptDrops(this.#find('.drop'), ([file]) => void this.#show(file));
    this.#camera = new Camera(this.#find<HTMLVideoElement>('video'), { onEnd: () => this.stopCamera() });
    const button = this.#find('.camera');
    button.hidden = !Camera.isPossible;
    button.addEventListener('click', () => {
      if (this.#camera.isOn) this.stopCamera();
      else void this.startCamera().catch(() => {});
    });
  }

  connectedCallback(): void {
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    acceptPastes(([file]) => void this.#show(file), { signal });
    if (this.#classifier) return;
    if (this.getAttribute('loading') === 'lazy') this.#loadWhenNear(signal);
    else this.#load();
  }

  disconnectedCallback(): void {
    this.#connection?.abort();
    this.stopCamera();
    // An element that is only moved is connected again at once.
    queueMicrotask(() => {
      if (!this.isConnected) this.#close();
    });
  }

  attributeChangedCallback(): void {
    // A model that was not asked for yet is not asked for now.
    if (!this.isConnected || (!this.#classifier && this.getAttribute('loading') === 'lazy')) return;
    this.#reload();
  }

  #reload(): void {
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

  /** Takes another model: its address, or the file itself. */
  load(model: string | URL | Blob): void {
    this.#source = model;
    if (this.isConnected) this.#reload();
  }

  /**
   * Shows a picture and its likeliest classes.
   *
   * @throws ClassifierError, which is shown as well.
   */
  async classify(picture: Blob): Promise<Classification> {
    this.stopCamera();
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    this.#setBusy(true);
    if (!this.#classifier) this.#load();
    try {
      const classifier = this.#classifier;
      if (!classifier) throw new ClassifierError('no model', "The attribute 'model' is missing.");
      void this.#preview(picture, classifier, isCurrent);
      await classifier.ready;
      if (isCurrent()) this.#say('Looking…');
      const classification = await classifier.classify(picture, { explain: this.hasAttribute('explain') });
      if (isCurrent()) this.#showAnswer(classification);
      return classification;
    } catch (error) {
      if (isCurrent()) this.#showError(error, picture);
      throw error;
    } finally {
      if (isCurrent()) this.#setBusy(false);
    }
  }

  /**
   * Asks for the camera, and classifies its frames until it is stopped.
   *
   * @returns once the camera is on
   * @throws ClassifierError `'no camera'`, which is shown as well.
   */
  async startCamera(): Promise<void> {
    if (this.#camera.isOn) return;
    const turn = ++this.#turn;
    this.#setBusy(false);
    if (!this.#classifier) this.#load();
    try {
      await this.#camera.start();
    } catch (error) {
      if (turn === this.#turn) this.#showError(error);
      throw error;
    }
    if (turn !== this.#turn || !this.#camera.isOn) return;
    this.#showCamera(true);
    void this.#watch(turn);
  }

  stopCamera(): void {
    this.#camera.stop();
    this.#showCamera(false);
  }

  #showCamera(isOn: boolean): void {
    const drop = this.#find('.drop');
    if (drop.classList.contains('live') === isOn) return;
    drop.classList.toggle('live', isOn);
    this.#find('video').hidden = !isOn;
    this.#find('.camera').textContent = isOn ? 'Stop the camera' : 'Use the camera';
    this.#find('.faces').replaceChildren();
  }

  /** Classifies the camera's frames, one after the other, as fast as the model goes. */
  async #watch(turn: number): Promise<void> {
    const isCurrent = () => turn === this.#turn && this.#camera.isOn;
    let told: string | undefined;
    while (isCurrent()) {
      try {
        const classifier = this.#classifier;
        if (!classifier) throw new ClassifierError('no model', "The attribute 'model' is missing.");
        await classifier.ready;
        const classification = await classifier.classify(await this.#camera.frame());
        if (!isCurrent()) return;
        // Screen readers are told when it is another class, not of every frame.
        const label = classification.predictions[0]?.label;
        this.#showAnswer(classification, { isTold: label !== told });
        told = label;
      } catch (error) {
        if (!isCurrent()) return;
        const isFrame = error instanceof ClassifierError && error.fault === 'no face';
        this.#showError(error);
        if (!isFrame) return this.stopCamera();
        told = undefined;
      }
      // Waits while the page is hidden.
      await new Promise(requestAnimationFrame);
    }
  }

  /** Classifies a visitor's picture; the outcome is on the screen, so nobody waits for it. */
  async #show(picture: Blob): Promise<void> {
    await this.classify(picture).catch(() => {});
  }

  /** Loads the model once the element is a screen's height away, or someone gives a picture. */
  #loadWhenNear(signal: AbortSignal): void {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        if (!this.#classifier) this.#load();
      },
      { rootMargin: '100%' },
    );
    observer.observe(this);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  #load(): void {
    const model = this.#source ?? this.getAttribute('model');
    if (!model) return;
    const assets = this.getAttribute('assets') ?? undefined;
    const provider: WebProvider = this.getAttribute('provider') === 'webgpu' ? 'webgpu' : 'wasm';
    const progress = this.#find<HTMLProgressElement>('progress');
    const onProgress = ({ received, total }: Progress) => {
      if (total === undefined) progress.removeAttribute('value');
      else progress.value = received / total;
    };
    this.#say('Loading the model…');
    this.#note('');
    progress.hidden = false;
    const classifier = new Classifier(model, { onProgress, assets, provider });
    this.#classifier = classifier;
    const isCurrent = () => this.#classifier === classifier;
    classifier.ready
      .then(
        (metadata) => {
          if (!isCurrent()) return;
          this.#say(`Ready. It knows ${metadata.labels.length} classes.`);
          this.#note(listLabels(metadata.labels));
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

  /** @param isTold screen readers are told */
  #showAnswer(classification: Classification, { isTold = true } = {}): void {
    const { predictions, faces, stranger } = classification;
    const top = Number(this.getAttribute('top') ?? 5);
    const [best] = predictions;
    const faceless = faces?.length === 0 ? ' No face found.' : '';
    if (isTold && best)
      this.#say(
        `${stranger?.known === false ? 'Unknown. Nearest is' : 'Most likely'} ${best.label}, ${formatShare(best.probability)}.${faceless}`,
        { isQuiet: true },
      );
    const items = predictions.slice(0, top).map(renderPrediction);
    this.#find('ol').replaceChildren(...(stranger?.known === false ? [renderUnknown()] : []), ...items);
    this.#note(describeDoubts(classification));
    renderFaces(this.#find<SVGSVGElement>('.faces'), classification);
    layHeat(this.#find<HTMLCanvasElement>('.heat'), classification);
    this.#emit('prediction', classification);
  }

  #showError(error: unknown, picture?: Blob): void {
    const known =
      error instanceof ClassifierError
        ? error
        : new ClassifierError('failed', error instanceof Error ? error.message : String(error));
    const name = picture instanceof File ? picture.name : undefined;
    this.#say(describeError(known, { model: this.getAttribute('model') ?? '', picture: name }), {
      isError: true,
    });
    this.#find('ol').replaceChildren();
    this.#note('');
    this.#emit('error', known);
  }

  /** @param isQuiet only screen readers are told, since it is on the screen already */
  #say(text: string, { isError = false, isQuiet = false } = {}): void {
    const status = this.#find('.status');
    status.classList.toggle('quiet', isQuiet);
    status.classList.toggle('error', isError);
    status.textContent = printable(text);
  }

  #note(text: string): void {
    this.#find('.note').textContent = printable(text);
  }

  #setBusy(isBusy: boolean): void {
    this.#find('.answer').classList.toggle('busy', isBusy);
    this.setAttribute('aria-busy', String(isBusy));
  }

  /**
   * Draws the picture, small. An `<img>` would do, but browsers keep its pixels long after it is gone, hundreds of
   * megabytes in all.
   */
  async #preview(picture: Blob, classifier: Classifier, isCurrent: () => boolean): Promise<void> {
    const canvas = this.#find<HTMLCanvasElement>('canvas');
    this.#find('.faces').replaceChildren();
    layHeat(this.#find<HTMLCanvasElement>('.heat'));
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

  #emit<K extends keyof ClassifierEvents>(type: K, detail: ClassifierEvents[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  #find<E extends Element = HTMLElement>(selector: string): E {
    return findElement<E>(selector, this.#root);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'ort-classifier': ClassifierElement;
  }
  namespace JSX {
    interface IntrinsicElements {
      'ort-classifier': ClassifierAttributes;
    }
  }
}

/** Makes `<ort-classifier>` known to the page, once. On a server it does nothing. */
export function defineClassifierElement(): void {
  const registry: CustomElementRegistry | undefined = globalThis.customElements;
  if (registry && !registry.get('ort-classifier')) registry.define('ort-classifier', ClassifierElement);
}
