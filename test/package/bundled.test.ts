/** Programs that a bundler has put into one file, the package with them. */
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { build, type Format } from 'esbuild';
import { encodeModel } from '../../src/graph/onnx.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';
import { withFolder } from '../saving/folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Says what a picture is, how many threads were started for it, and how training ends. */
const program = `
  import { loadClassifier, train } from 'ort-transfer';
  const failureOf = (options) => train(options).then(() => null, String);
  async function main() {
    let threads = 0;
    process.on('worker', () => threads++);
    const classifier = await loadClassifier('model.onnx', { workers: 2 });
    const answers = [];
    for await (const { label } of classifier.classifyMany(['red.png', 'red.png'])) answers.push(label);
    await classifier.close();
    console.log(JSON.stringify({ answers, threads, failure: await failureOf({ train: 'photos', weights: null, cache: 'cache', alpha: 0.25, views: 1, epochs: 1 }) }));
  }
  main();
`;

/** The program in one file, native libraries apart, and what it says. */
async function runBundled(folder: string, format: Format, isInstalled: boolean) {
  const [app, modules] = [join(folder, 'app'), join(folder, 'app/node_modules')];
  for (const name of ['a', 'b']) {
    await mkdir(join(app, 'photos', name), { recursive: true });
    for (const file of ['1.png', '2.png'])
      await writeFile(join(app, 'photos', name, file), await redPicture());
  }
  await mkdir(modules);
  await writeFile(join(folder, 'program.ts'), program);
  const outfile = join(app, format === 'esm' ? 'program.mjs' : 'program.cjs');
  await build({
    entryPoints: [join(folder, 'program.ts')],
    ...{ outfile, format, bundle: true, platform: 'node', logLevel: 'error' },
    external: ['onnxruntime-node', 'sharp'],
    alias: { 'ort-transfer': join(root, 'dist/src/index.js') },
  });
  for (const name of ['onnxruntime-node', 'sharp'])
    await symlink(join(root, 'node_modules', name), join(modules, name));
  if (isInstalled) await symlink(root, join(modules, 'ort-transfer'));
  await writeFile(join(app, 'model.onnx'), encodeModel(redOrBlue()));
  await writeFile(join(app, 'red.png'), await redPicture());
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: app });
  return JSON.parse(stdout) as { answers: string[]; threads: number; failure: string | null };
}

for (const format of ['esm', 'cjs'] as const)
  test(`a bundle (${format}) without the package beside it classifies in its own thread`, async (t) => {
    await withFolder(async (folder) => {
      const { answers, threads, failure } = await runBundled(folder, format, false);
      t.deepEqual(answers, ['red', 'red']);
      t.is(threads, 0);
      t.regex(String(failure), /^UserError: .* Received: a bundle without them\. Hint: keep the package out/);
    });
  });

test('a bundle (cjs) with the package beside it classifies in threads', async (t) => {
  await withFolder(async (folder) => {
    const { answers, threads, failure } = await runBundled(folder, 'cjs', true);
    t.deepEqual(answers, ['red', 'red']);
    t.true(threads >= 2);
    t.is(failure, null);
  });
});
