import type { ClassifierElement } from '../element/classifier-element.js';
import { findElement as find } from '../find-element.js';
import { describeStale } from './staleness.js';
import type { Trained, TrainingClass } from './studio-protocol.js';

/** A trained model with all that the page tells of it. */
export interface KeptModel extends Omit<Trained, 'model'> {
  /** What was told of it when it was trained. */
  readonly outcome: string;
  /** `model.onnx`. */
  readonly file: Blob;
  /** What it was trained on. */
  readonly classes: readonly TrainingClass[];
}

export interface ModelPanelOptions {
  /** Writes a model as a `.keras` file. */
  encodeKeras(model: KeptModel): Promise<Uint8Array<ArrayBuffer>>;
  /** Called with errors to show to the visitor. */
  onError(error: unknown): void;
}

/** The trained model: to try, and to take along. */
export class ModelPanel {
  readonly #root = find('#result');
  #model?: KeptModel;

  constructor({ encodeKeras, onError }: ModelPanelOptions) {
    find('#download-onnx').addEventListener(
      'click',
      () => this.#model && saveFile(this.#model.file, 'model.onnx'),
    );
    find('#download-keras').addEventListener('click', async () => {
      if (!this.#model) return;
      try {
        saveFile(new Blob([await encodeKeras(this.#model)]), 'model.keras');
      } catch (error) {
        onError(error);
      }
    });
  }

  get model(): KeptModel | undefined {
    return this.#model;
  }

  set model(model: KeptModel | undefined) {
    this.#model = model;
    this.#root.hidden = !model;
    // Another model has not said what the one before said of a picture: the element begins anew.
    const fresh = document.createElement('ort-classifier') as ClassifierElement;
    find('ort-classifier').replaceWith(fresh);
    if (model) fresh.load(model.file);
  }

  /** Says so wherever the model is used, where the pictures are others by now. */
  compareWith(classes: readonly TrainingClass[]): void {
    const change = this.#model && describeStale(this.#model.classes, classes);
    for (const note of document.querySelectorAll<HTMLElement>('.stale')) {
      note.hidden = !change;
      note.textContent = change
        ? `This model is older than your pictures: ${change}. Train again to use them.`
        : '';
    }
  }
}

/** Hands a file to the browser to keep. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
