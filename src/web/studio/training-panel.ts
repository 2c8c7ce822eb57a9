import { printable } from '../../printable.js';
import { findElement as find } from '../find-element.js';
import { drawChart } from './chart.js';
import { defaultSettings, type Settings, type Trained } from './studio-protocol.js';

type Logs = Readonly<Record<string, number>>;

/** The settings, the charts and the line that says how training goes. */
export class TrainingPanel {
  readonly #form = find<HTMLFormElement>('#settings');
  readonly #status = find('#status');
  readonly #progress = find<HTMLProgressElement>('#progress');
  readonly #logs: Logs[] = [];

  constructor() {
    this.settings = defaultSettings;
  }

  get settings(): Settings {
    const read = (name: keyof Settings) =>
      Number((this.#form.elements.namedItem(name) as HTMLInputElement).value);
    return {
      epochs: Math.max(1, Math.round(read('epochs'))),
      batchSize: Math.max(1, Math.round(read('batchSize'))),
      learningRate: read('learningRate'),
      views: read('views'),
      validationSplit: read('validationSplit'),
    };
  }

  set settings(settings: Settings) {
    for (const [name, value] of Object.entries(settings))
      (this.#form.elements.namedItem(name) as HTMLInputElement).value = String(value);
  }

  /** Whether every field holds a value that it may; else the browser shows which does not. */
  checkSettings(): boolean {
    if (this.#form.checkValidity()) return true;
    find<HTMLDetailsElement>('#settings-details').open = true;
    return this.#form.reportValidity();
  }

  say(text: string, { isError = false } = {}): void {
    this.#status.textContent = printable(text);
    this.#status.classList.toggle('error', isError);
  }

  begin(): void {
    this.#logs.length = 0;
    this.#draw();
    find('#charts').hidden = false;
    this.#progress.hidden = false;
    this.#progress.removeAttribute('value');
  }

  showPrepared(done: number, total: number): void {
    this.say(`Looking at pictures: ${done} of ${total}`);
    this.#progress.value = done / total;
  }

  showEpoch(epoch: number, logs: Logs): void {
    this.#logs.push(logs);
    const { epochs } = this.settings;
    this.#progress.value = (epoch + 1) / epochs;
    this.say(`Epoch ${epoch + 1} of ${epochs}: right on ${percent(logs.accuracy ?? 0)} of the pictures`);
    this.#draw();
  }

  showTrained({ evaluation, seconds }: Trained): void {
    this.end();
    const right = evaluation && Math.round(evaluation.accuracy * evaluation.samples);
    this.say(
      `Trained in ${seconds.toFixed(1)} seconds. ${
        evaluation
          ? `It is right on ${right} of ${evaluation.samples} pictures that it was not trained on.`
          : 'No pictures were held back, so only trying it shows how good it is.'
      }`,
    );
  }

  end(): void {
    this.#progress.hidden = true;
  }

  #draw(): void {
    const { epochs } = this.settings;
    const line = (name: string, key: string) => ({
      name,
      values: this.#logs.flatMap((logs) => (logs[key] === undefined ? [] : [logs[key]])),
    });
    drawChart(find('#loss'), [line('Training', 'loss'), line('Held back', 'val_loss')], { epochs });
    drawChart(find('#accuracy'), [line('Training', 'accuracy'), line('Held back', 'val_accuracy')], {
      epochs,
      most: 1,
    });
  }
}

const percent = (share: number): string => `${Math.round(share * 100)}%`;
