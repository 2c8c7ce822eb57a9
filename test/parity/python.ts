import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import test from 'ava';

/** The Python that has what tools/keras-requirements.txt names. */
export const python = process.env.KERAS_PYTHON ?? '.venv/bin/python';

/** A running script of this folder, which answers lines of JSON with lines of JSON (serving.py). */
class PythonScript {
  private readonly process;
  private readonly waiting: { resolve(answer: string): void; reject(error: Error): void }[] = [];
  private errors = '';

  constructor(
    private readonly name: string,
    command: readonly string[],
    private readonly onEnd: () => void,
  ) {
    const [interpreter, ...args] = command;
    this.process = spawn(interpreter!, args);
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    createInterface({ input: this.process.stdout }).on('line', (line) => this.waiting.shift()?.resolve(line));
    // What cannot be written is told when the script closes.
    this.process.stdin.on('error', () => {});
    this.process.on('error', (error) => this.fail(error.message));
    this.process.on('close', () => this.fail(this.errors.slice(-4000)));
  }

  ask(request: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  end(): void {
    this.process.stdin.end();
  }

  private fail(reason: string): void {
    this.onEnd();
    for (const { reject } of this.waiting.splice(0)) reject(new Error(`${this.name} failed: ${reason}`));
  }
}

/**
 * A function that asks a script of this folder. The script starts when it is first asked and lives until the tests have
 * ended: importing TensorFlow takes longest.
 *
 * @throws Error what the script says on stderr, when it ends instead of answering
 */
export function pythonScript(name: string, ...args: string[]): <T>(request: unknown) => Promise<T> {
  let script: PythonScript | undefined;
  test.after.always(`${name} ends`, () => script?.end());
  return async <T>(request: unknown) => {
    script ??= new PythonScript(name, [python, `test/parity/${name}`, ...args], () => {
      script = undefined;
    });
    return JSON.parse(await script.ask(request)) as T;
  };
}
