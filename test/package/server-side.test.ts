import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';
import { run } from '../cli/command.js';

/** What a program prints. It lies in the package, so that the package's name leads to it. */
const printedBy = async (program: string): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  return JSON.parse(stdout);
};

test('the element may be imported, and defined, where there is no browser', async (t) => {
  const program = `
    const web = await import('ort-transfer/web');
    web.defineClassifierElement();
    console.log(JSON.stringify(Object.keys(web)));`;
  t.deepEqual(await printedBy(program), [
    'Classifier',
    'ClassifierElement',
    'ClassifierError',
    'defineClassifierElement',
    'explain',
  ]);
});

test('both commands tell their own version, wherever they are started', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of ['ort-transfer', 'ort-predict'] as const) {
    const { stdout, code } = await run(name, ['--version'], { cwd: '/' });
    t.deepEqual({ stdout, code }, { stdout: `${version}\n`, code: 0 });
  }
});
