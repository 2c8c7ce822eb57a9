/** Commands that run beside each other. */
import { type ChildProcess, spawn } from 'node:child_process';

const script = new URL('../../src/cli/ort-transfer.js', import.meta.url).pathname;

/** A command under way. */
export class Running {
  stdout = '';
  stderr = '';
  readonly #process: ChildProcess;
  /** The exit code; `null` where it was killed. */
  readonly ended: Promise<number | null>;
  readonly #waiting: { pattern: RegExp; resolve: () => void }[] = [];

  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process.stdout?.on('data', (data) => {
      this.stdout += data;
    });
    this.#process.stderr?.on('data', (data) => {
      this.stderr += data;
      for (const { pattern, resolve } of this.#waiting) if (pattern.test(this.stderr)) resolve();
    });
    this.ended = new Promise((resolve) => this.#process.once('close', resolve));
  }

  /** Waits until standard error has it, or the command has ended. */
  async says(pattern: RegExp): Promise<void> {
    if (pattern.test(this.stderr)) return;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.push({ pattern, resolve })),
      this.ended,
    ]);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    this.#process.kill(signal);
    return this.ended;
  }
}
