import { printable } from '../../printable.js';
import { type Classification, Classifier, type Prediction } from '../classifier.js';
import { ClassifierError, type Progress, type WebProvider } from '../classifier-protocol.js';
import { findElement } from '../find-element.js';
import { type PictureSource, toPicture } from '../picture-source.js';
import { trustedHtml } from '../trusted-types.js';
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
  renderDoubt,
  renderFaces,
  renderPrediction,
  template,
} from './view.js';

/** As large as previews get on a dense phone screen. */
const previewSide = 1024;

/**
 * `<ort-classifier model="model.onnx">`: choose, drop or paste a picture, or use the camera, and see its classes.
 *
 * Attributes:
 * - `model`: address of the ONNX file. It is kept for later visits, and serves offline.
 * - `top`: how many classes to show, from 1 on; default 5.
 * - `threshold`: the share, from 0 to 1, below which the likeliest class counts as "Not sure"; default 0.
 * - `labels`: names for people, as JSON: `{"elton_john": "Elton John"}`, or a list in the model's order.
 * - `loading="lazy"`: the model is fetched when the element comes near the screen, rather than at once.
 * - `provider="webgpu"`: runs the model on the graphics card where that works, and as elsewhere where not.
 * - `explain`: lays over the next pictures where the model looked, if it was exported with `--explain`.
 * - `assets`: folder of ONNX Runtime's files and the face detector; default: that of the script.
 *
 * Events: `ready` (detail: ModelMetadata) and `prediction` (Classification; with the camera on, many a second) bubble;
 * `error` (ClassifierError) does not, as that of an `<img>` does not, and so stays out of `window.onerror`.
 *
 * Methods: `classify(picture)`, `showAll(pictures)`, `load(model)`, `startCamera()`, `stopCamera()`. Property:
 * `classifier`.
 *
 * Parts: layout, give, drop, input, invitation, picture, heat, video, faces, again, camera, answer, status, progress,
 * predictions, prediction, unknown, label, note, probability, track, bar. Custom properties: `--ort-accent`,
 * `--ort-accent-soft`, `--ort-surface`, `--ort-line`, `--ort-text`, `--ort-muted`, `--ort-error`,
 * `--ort-error-soft`, `--ort-radius`.
 *
 * Needs of a Content-Security-Policy: `script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'`.
 */
export class ClassifierElement extends ElementBase {
  static readonly observedAttributes = ['model', 'provider', 'assets', 'top', 'threshold', 'labels'];

  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #camera: Camera;
  #classifier?: Classifier;
  /** The labels of the model that is there. */
  #labels: readonly string[] = [];
  /** The model that `load` was given; goes before the attribute. */
  #source?: string | URL | Blob;
  /** The answer that is on the screen. */
  #shown?: Classification;
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
    this.#root.innerHTML = trustedHtml(template);
    const input = this.#find<HTMLInputElement>('input');
    input.addEventListener('change', () => {
      void this.showAll([...(input.files ?? [])]);
      // The same file may be chosen again.
      input.value = '';
    });
    acceptDrops(this.#find('.drop'), (files) => void this.showAll(files));
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
    // An element that is not on the screen leaves pastes to others.
    const isWanted = () => this.getClientRects().length > 0;
    acceptPastes((files) => void this.showAll(files), { signal, isWanted });
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

  attributeChangedCallback(name: string): void {
    if (['top', 'threshold', 'labels'].includes(name)) {
      if (this.#shown) this.#showAnswer(this.#shown, { isTold: false });
      return;
    }
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
  async classify(source: PictureSource): Promise<Classification> {
    this.stopCamera();
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    this.#setBusy(true);
    if (!this.#classifier) this.#load();
    try {
      const classifier = this.#classifier;
      if (!classifier) throw new ClassifierError('no model', "The attribute 'model' is missing.");
      const picture = await toPicture(source);
      const preview = this.#preview(picture, classifier, isCurrent);
      // Pixels are handed over to the worker, and then are gone.
      if (picture instanceof ImageBitmap) await preview;
      await classifier.ready;
      if (isCurrent()) this.#say('Looking…');
      const classification = await classifier.classify(picture, { explain: this.hasAttribute('explain') });
      if (isCurrent()) this.#tellAnswer(classification);
      return classification;
    } catch (error) {
      if (isCurrent()) this.#showError(error, source);
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
    this.#clear();
    this.#showPicture(undefined);
    this.#showCamera(true);
    void this.#watch(turn);
  }

  stopCamera(): void {
    const isLive = this.#find('.drop').classList.contains('live');
    this.#camera.stop();
    this.#showCamera(false);
    // The last frame's answer would stand beside no picture.
    if (isLive) this.#clear();
  }

  /** Takes the answer off the screen. */
  #clear(): void {
    this.#shown = undefined;
    this.#say('');
    this.#note('');
    this.#find('ol').replaceChildren();
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
        this.#tellAnswer(classification, { isTold: label !== told });
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

  /**
   * Shows a visitor's pictures: one as `classify` does, several as a list of which each opens its picture. Errors are on
   * the screen, and are not thrown.
   */
  async showAll(pictures: readonly Blob[]): Promise<void> {
    const show = (picture: Blob) => this.classify(picture);
    const list = this.#find('.several');
    list.replaceChildren();
    const [first] = pictures;
    if (pictures.length < 2) {
      if (first) await show(first).catch(() => {});
      return;
    }
    const look = async (picture: Blob) => {
      const classifier = this.#classifier;
      if (!classifier) throw new ClassifierError('no model', "The attribute 'model' is missing.");
      return classifier.classify(picture);
    };
    const { showSeveral } = await import('./several.js');
    await showSeveral(pictures, { list, show, look, describe: (found) => this.#describe(found) });
  }

  /** An answer in a few words. */
  #describe({ predictions: [best], ...found }: Classification): string {
    if (!best) return '';
    const doubt = this.#doubtOf(best, found);
    const name = `${this.#nameOf(best.label)} ${formatShare(best.probability)}`;
    return doubt ? `${doubt} (${name})` : name;
  }

  /** Why the likeliest class is not the answer; undefined where it is. */
  #doubtOf(
    { probability }: Prediction,
    { stranger, faces }: Pick<Classification, 'stranger' | 'faces'>,
  ): string | undefined {
    if (faces?.length === 0) return 'No face';
    if (stranger?.known === false) return 'Unknown';
    return probability < this.#number('threshold', { least: 0, most: 1, otherwise: 0 })
      ? 'Not sure'
      : undefined;
  }

  /** A label's name for people. */
  #nameOf(label: string): string {
    const text = this.getAttribute('labels');
    if (!text) return label;
    try {
      const names = JSON.parse(text);
      const name = Array.isArray(names) ? names[this.#labels.indexOf(label)] : names[label];
      return typeof name === 'string' ? name : label;
    } catch {
      return label;
    }
  }

  /** An attribute's number; `otherwise` where it is none, or out of bounds. */
  #number(name: string, { least, most, otherwise }: { least: number; most: number; otherwise: number }) {
    const number = Number(this.getAttribute(name) ?? otherwise);
    return number >= least && number <= most ? number : otherwise;
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
          this.#labels = metadata.labels;
          this.#say(`Ready. It knows ${metadata.labels.length} classes.`);
          this.#note(listLabels(metadata.labels.map((label) => this.#nameOf(label))));
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

  /** Shows an answer, and tells the page. @param isTold screen readers are told, too */
  #tellAnswer(classification: Classification, { isTold = true } = {}): void {
    this.#showAnswer(classification, { isTold });
    this.#emit('prediction', classification);
  }

  #showAnswer(classification: Classification, { isTold }: { isTold: boolean }): void {
    const { predictions } = classification;
    this.#shown = classification;
    const [best] = predictions;
    const doubt = best && this.#doubtOf(best, classification);
    if (isTold && best)
      this.#say(
        `${doubt ? `${doubt}. Nearest is` : 'Most likely'} ${this.#nameOf(best.label)}, ${formatShare(best.probability)}.`,
        { isQuiet: true },
      );
    const top = Math.floor(this.#number('top', { least: 1, most: Number.MAX_SAFE_INTEGER, otherwise: 5 }));
    const items = predictions
      .slice(0, top)
      .map(({ label, probability }) => renderPrediction({ label: this.#nameOf(label), probability }));
    this.#find('ol').replaceChildren(...(doubt ? [renderDoubt(doubt)] : []), ...items);
    this.#note(describeDoubts(classification));
    renderFaces(this.#find<SVGSVGElement>('.faces'), classification);
    layHeat(this.#find<HTMLCanvasElement>('.heat'), classification);
  }

  #showError(error: unknown, picture?: PictureSource): void {
    this.#shown = undefined;
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
  async #preview(
    picture: Blob | ImageBitmap,
    classifier: Classifier,
    isCurrent: () => boolean,
  ): Promise<void> {
    this.#find('.faces').replaceChildren();
    layHeat(this.#find<HTMLCanvasElement>('.heat'));
    if (picture instanceof ImageBitmap) return this.#showPicture(picture);
    const bitmap = await classifier.preview(picture, previewSide).catch(() => undefined);
    if (isCurrent()) this.#showPicture(bitmap, picture instanceof File ? picture.name : '');
    bitmap?.close();
  }

  /** Draws a picture in the place where one is given, or asks for one there. */
  #showPicture(bitmap: ImageBitmap | undefined, name = ''): void {
    const canvas = this.#find<HTMLCanvasElement>('canvas');
    if (bitmap) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
    }
    canvas.setAttribute('aria-label', `The picture ${name}`.trim());
    canvas.hidden = !bitmap;
    this.#find('.again').hidden = !bitmap;
    this.#find('.invitation').hidden = bitmap !== undefined;
    this.#find('.drop').classList.toggle('filled', bitmap !== undefined);
  }

  #emit<K extends keyof ClassifierEvents>(type: K, detail: ClassifierEvents[K]['detail']): void {
    // An error that bubbled would be taken for one of the page's own scripts.
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: type !== 'error', composed: true }));
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
