import type { ModelMetadata } from '../../classifier/metadata.js';
import type { Classification } from '../classifier.js';
import type { ClassifierError } from '../classifier-protocol.js';

/** The events of the element, by name. */
export interface ClassifierEvents {
  /** The model is there. */
  ready: CustomEvent<ModelMetadata>;
  prediction: CustomEvent<Classification>;
  error: CustomEvent<ClassifierError>;
}

/** The attributes of the element, for JSX and other templates that are checked. */
export interface ClassifierAttributes {
  /** Address of the model. Default: none is loaded. */
  model?: string;
  /** How many classes to show. Default 5. */
  top?: number | string;
  /** The share below which the likeliest class counts as "Not sure". Default 0: none does. */
  threshold?: number | string;
  /** Names for people, as JSON: by label, or a list in the model's order. Default: the labels. */
  labels?: string;
  /** `'lazy'` fetches the model when the element comes near the screen. Default: at once. */
  loading?: 'lazy' | 'eager';
  /** `'webgpu'` runs the model on the graphics card where that works. Default `'wasm'`. */
  provider?: 'wasm' | 'webgpu';
  /** Lays over the pictures where the model looked. Default: not. */
  explain?: boolean | '';
  /** Folder of ONNX Runtime's files and the face detector. Default: that of the script. */
  assets?: string;
}

/** An element whose listeners know what the events of the classifier carry. */
interface ClassifierEventTarget extends HTMLElement {
  addEventListener<K extends keyof ClassifierEvents>(
    type: K,
    listener: (event: ClassifierEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof ClassifierEvents>(
    type: K,
    listener: (event: ClassifierEvents[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** `HTMLElement`; on a server, where pages are rendered without a browser, nothing: modules may be imported there. */
export const ElementBase = (globalThis.HTMLElement ?? class {}) as new () => ClassifierEventTarget;
