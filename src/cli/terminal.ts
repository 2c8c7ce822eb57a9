/** The one place where commands write. Texts may hold names from files, so hidden characters are written out. */

import { printable, printableJson, printableLines } from '../printable.js';
import { inFlags } from './flags.js';

/** Writes results to standard output, a line each. */
export function printLines(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}

/** Writes a text of several lines to standard output. */
export function printText(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}

/** Writes a result for programs to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(value)}\n`);
}

/** Writes a sentence for the person to standard error. */
export function tell(message: string): void {
  process.stderr.write(`${printable(inFlags(message))}\n`);
}

/** Whether lines on standard error can be redrawn: on terminals, but for those that say they are dumb. */
export const canRedraw = (): boolean => process.stderr.isTTY === true && process.env.TERM !== 'dumb';
