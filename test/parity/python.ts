import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import test from 'ava';

/** The Python that has the packages of tools/keras-requirements.txt. */
export const python = process.env.KERAS_PYTHON ?? '.venv/bin/python';

interface Waiting {
  resolve(answer: string): void;
  reject(error: Error): void;
}

/** A script of this folder that runs in the server's fork, and answers lines of JSON with lines of JSON (serving.py). */
class PythonScript {
  readonly #log: string;
  readonly #connection;
  readonly #waiting: Waiting[] = [];

  /** @param command the name of the script and its arguments */
  constructor(server: string, command: readonly string[], onEnd: () => void) {
    this.#log = join(dirname(server), `${command.join('-')}.log`);
    this.#connection = createConnection(server);
    this.#connection.write(`${JSON.stringify(command)}\n`);
    createInterface({ input: this.#connection }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    // The end, which follows, tells more.
    this.#connection.on('error', () => {});
    this.#connection.on('close', async () => {
      onEnd();
      const errors = await readFile(this.#log, 'utf8').catch(String);
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error(`${command.join(' ')} failed: ${errors.slice(-4000)}`));
    });
  }

  ask(request: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#connection.write(`${JSON.stringify(request)}\n`);
    });
  }

  end(): void {
    this.#connection.end();
  }
}

/**
 * A function that asks a script of this folder. The script starts when it is first asked and lives until the tests have
 * ended.
 *
 * @throws Error with the script's words on stderr, when it ends instead of answering
 */
export function pythonScript(
  ...command: [name: string, ...args: string[]]
): <T>(request: unknown) => Promise<T> {
  const { PYTHON_SERVER: server } = process.env;
  if (!server)
    throw new Error('Expected PYTHON_SERVER. Received: none. Hint: pass --config test/parity/ava.config.js.');
  let script: PythonScript | undefined;
  test.after.always(`${command.join(' ')} ends`, () => script?.end());
  return async <T>(request: unknown) => {
    script ??= new PythonScript(server, command, () => {
      script = undefined;
    });
    return JSON.parse(await script.ask(request)) as T;
  };
}
