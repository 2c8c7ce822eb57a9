import { printable } from '../../printable.js';
import { findElement as find } from '../find-element.js';
import { drawChart } from './chart.js';
import { defaultSettings, readSettings, type Settings } from './studio-protocol.js';

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
    const given = Object.entries(defaultSettings).map(([name, value]) => {
      const { value: text } = this.#field(name);
      return [name, typeof value === 'number' ? Number(text) : text];
    });
    const settings = readSettings(Object.fromEntries(given));
    const whole = (number: number) => Math.max(1, Math.round(number));
    return { ...settings, epochs: whole(settings.epochs), batchSize: whole(settings.batchSize) };
  }

  set settings(settings: Settings) {
    for (const [name, value] of Object.entries(settings)) {
      const field = this.#field(name);
      field.value = String(value);
      // A choice that is none of those offered leaves nothing chosen.
      if (field.value === '') field.value = String(defaultSettings[name as keyof Settings]);
    }
  }

  #field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
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
    find('#charts').hidden = true;
    this.#progress.hidden = false;
    this.#progress.removeAttribute('value');
  }

  showPrepared(done: number, total: number): void {
    this.say(`Looking at pictures: ${done} of ${total}`);
    this.#progress.value = done / total;
  }

  /** @param share of the checking that is done, from 0 to 1 */
  showChecked(share: number): void {
    this.say('Finding out how good it gets: training with some pictures left out');
    this.#progress.value = share;
  }

  showEpoch(epoch: number, logs: Logs): void {
    this.#logs.push(logs);
    const { epochs } = this.settings;
    this.#progress.value = (epoch + 1) / epochs;
    this.say(`Epoch ${epoch + 1} of ${epochs}: right on ${percent(logs.accuracy ?? 0)} of the pictures`);
    this.#draw();
  }

  end(): void {
    this.#progress.hidden = true;
  }

  #draw(): void {
    const { epochs } = this.settings;
    const line = (key: string) => ({
      name: 'Training',
      values: this.#logs.flatMap((logs) => (logs[key] === undefined ? [] : [logs[key]])),
    });
    find('#charts').hidden = false;
    drawChart(find('#loss'), [line('loss')], { epochs });
    drawChart(find('#accuracy'), [line('accuracy')], { epochs, most: 1 });
  }
}

const percent = (share: number): string => `${Math.round(share * 100)}%`;
