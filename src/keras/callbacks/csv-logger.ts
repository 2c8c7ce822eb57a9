import { appendFile, fileExists, readFile, writeFile } from '#platform';
import { named } from '../../named-options.js';
import { float32Repr, floatRepr } from '../python/format.js';
import { Callback, type Logs, type MetricResult } from './callback.js';

export interface CSVLoggerOptions {
  /** The file to write. */
  filename: string;
  /** The text between two columns. Default: `,`. */
  separator?: string;
  /** Goes on with the file if there is one. Default: false. */
  append?: boolean;
}

/**
 * Writes one line an epoch to a CSV file, in Python's very text: `keras.callbacks.CSVLogger`.
 *
 * Epochs count from 0; the columns are those of the first epoch's logs, sorted. Where there is no validation, its
 * columns are there all the same, filled with `NA`. Lines end with CR LF.
 */
export class CSVLogger extends Callback {
  readonly #options: Required<CSVLoggerOptions>;
  #withHeader = true;
  #columns?: string[];

  constructor(options: CSVLoggerOptions) {
    const { filename, separator = ',', append = false, ...others } = named(options, new.target);
    super(others);
    this.#options = { filename, separator, append };
  }

  override async onTrainBegin(): Promise<void> {
    const { filename, append } = this.#options;
    this.#columns = undefined;
    if (!append) await writeFile(filename, '');
    else if (await fileExists(filename)) this.#withHeader = (await readFile(filename)).length === 0;
    else await appendFile(filename, '');
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    let text = '';
    if (!this.#columns) {
      this.#columns = columnsOf(logs);
      if (this.#withHeader) text += this.#row(['epoch', ...this.#columns]);
    }
    const values = this.#columns.map((name) => {
      const value = logs[name];
      return value === undefined ? 'NA' : cell(value);
    });
    await appendFile(this.#options.filename, text + this.#row([String(epoch), ...values]));
  }

  #row(fields: readonly string[]): string {
    const { separator } = this.#options;
    const quote = (field: string) =>
      field.includes(separator) || /["\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
    return `${fields.map(quote).join(separator)}\r\n`;
  }
}

/** A number; several as Keras writes them, in brackets and quotation marks, with the digits of single precision. */
const cell = (value: MetricResult): string =>
  typeof value === 'number' ? floatRepr(value) : `"[${Array.from(value, float32Repr).join(', ')}]"`;

function columnsOf(logs: Logs): string[] {
  const names = Object.keys(logs).sort();
  const hasValidation = names.some((name) => name.startsWith('val_'));
  return hasValidation ? names : [...names, ...names.map((name) => `val_${name}`)];
}
