import { execFile } from 'node:child_process';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the built commands as a user does. */
export const run = (
  name: 'ort-transfer' | 'ort-predict',
  args: readonly string[],
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Outcome> =>
  new Promise((resolve) => {
    const script = new URL(`../../src/cli/${name}.js`, import.meta.url).pathname;
    execFile(
      process.execPath,
      [script, ...args],
      { env: { ...process.env, ...env }, cwd, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
