import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Starts a program that serves all test files of a run. It says in its first line of JSON how it is reached, and ends
 * when its standard input does: with this process, however that ends.
 *
 * @throws Error when it ends without a line; it writes the reason to stderr itself.
 */
export async function startCompanion<T>(command: string, args: readonly string[]): Promise<T> {
  const companion = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: companion.stdout }).once('line', resolve);
    // Errors of its own: AVA takes one with the code ENOENT to mean that there is no configuration.
    const fail = (reason: unknown) => reject(new Error(`${[command, ...args].join(' ')} failed: ${reason}`));
    companion.once('error', fail);
    companion.once('exit', fail);
  });
  // It must not keep this process from ending.
  for (const each of [companion, companion.stdin as Socket, companion.stdout as Socket]) each.unref();
  return JSON.parse(line) as T;
}
