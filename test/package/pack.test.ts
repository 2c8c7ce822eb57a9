/** The packages as they are published, in the projects of strangers. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { unzipSync } from 'fflate';
import { encodeModel } from '../../src/graph/onnx.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bin = join(root, 'node_modules/.bin');
const exec = promisify(execFile);

interface Packed {
  /** A project with the package in its `node_modules`, and of others only what that depends on. */
  readonly project: string;
  /** Files of both packages. */
  readonly paths: readonly string[];
  readonly webPaths: readonly string[];
}
const test = anyTest as TestFn<Packed & { folder: string }>;

const listFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** Unpacks a package as npm does. */
async function unpack(tarball: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await exec('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
}

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-packed-'));
  const clone = join(folder, 'clone');
  await mkdir(clone);
  const sources = ['package.json', 'tsconfig.json', 'src', 'test', 'tools', 'docs', 'examples'];
  for (const name of [...sources, 'CHANGELOG.md', 'LICENSE', 'README.md'])
    await cp(join(root, name), join(clone, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  await mkdir(join(clone, 'dist/src'), { recursive: true });
  await writeFile(join(clone, 'dist/src/renamed-since.js'), 'export {};\n');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  await exec('npm', ['pack', '--loglevel=error', '--pack-destination', folder], { cwd: clone, env });
  await exec(process.execPath, ['dist/tools/pack-web.js', '--out', folder], { cwd: clone, env });

  const project = join(folder, 'project');
  const modules = join(project, 'node_modules');
  for (const tarball of (await readdir(folder)).filter((name) => name.endsWith('.tgz')))
    await unpack(join(folder, tarball), join(modules, tarball.replace(/-\d.*/, '')));
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  await writeFile(join(project, 'package.json'), '{ "name": "stranger", "version": "7.7.7" }');
  await writeFile(join(project, 'model.onnx'), encodeModel(redOrBlue()));
  await writeFile(join(project, 'red.png'), await redPicture());
  const paths = await listFiles(join(modules, 'ort-transfer'));
  t.context = { folder, project, paths, webPaths: await listFiles(join(modules, 'ort-transfer-web')) };
});
test.after.always(({ context: { folder } }) => folder && rm(folder, { recursive: true, force: true }));

/** What a program prints. */
async function runProgram(project: string, name: string, program: string): Promise<string> {
  await writeFile(join(project, name), program);
  const { stdout } = await exec(process.execPath, [name], { cwd: project });
  return stdout.trim();
}

test('npm packs what was built from clean, not what is left of an older build', (t) => {
  const { paths } = t.context;
  t.true(paths.includes('dist/src/index.js'));
  t.true(paths.includes('dist/src/cli/ort-transfer.js'));
  t.false(paths.includes('dist/src/renamed-since.js'));
  t.deepEqual(
    paths.filter((path) => /^(test|tools|src|dist\/(test|tools))\//.test(path)),
    [],
  );
});

test('the package carries its pages, the models of faces, and the notices of everything inside', async (t) => {
  const { project, paths } = t.context;
  const wanted = ['pages/web/index.html', 'pages/web/worker.js', 'pages/studio/studio.js'];
  const others = ['pages/runtime/ort-wasm-simd-threaded.wasm', 'models/faceres.bin', 'models/blazeface.bin'];
  for (const path of [...wanted, ...others]) t.true(paths.includes(`dist/${path}`), path);
  const notices = await readFile(
    join(project, 'node_modules/ort-transfer/dist/THIRD-PARTY-NOTICES.md'),
    'utf8',
  );
  for (const name of ['onnxruntime-web', '@vladmandic/human', 'protobufjs', 'h5wasm'])
    t.regex(notices, new RegExp(`^## ${name} \\d`, 'm'));
  // A map without its sources leads debuggers to files that are not there.
  for (const path of paths.filter((name) => name.endsWith('.map')).slice(0, 20)) {
    const map = JSON.parse(await readFile(join(project, 'node_modules/ort-transfer', path), 'utf8'));
    t.is(map.sourcesContent?.length, map.sources.length, path);
  }
});

test('the package for pages is the element with all that it fetches, in 20 MB, and needs nothing else', async (t) => {
  const { project, webPaths } = t.context;
  const folder = join(project, 'node_modules/ort-transfer-web');
  for (const path of ['ort-classifier.js', 'worker.js', 'face-detector.onnx', 'ort-wasm-simd-threaded.wasm'])
    t.true(webPaths.includes(path), path);
  t.deepEqual(
    webPaths.filter((path) => /^(index|page|service)/.test(path)),
    [],
  );
  let bytes = 0;
  for (const path of webPaths) bytes += (await stat(join(folder, path))).size;
  t.true(bytes < 20e6, `${bytes}`);
  const { dependencies, peerDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  t.deepEqual({ dependencies, peerDependencies }, { dependencies: undefined, peerDependencies: undefined });
  const script = await readFile(join(folder, 'ort-classifier.js'), 'utf8');
  t.notRegex(script, /from\s*"[^."]/, 'it imports files beside it alone');
});

const classify = `
  const classifier = await loadClassifier('model.onnx', { workers: 1 });
  const { label } = await classifier.classify('red.png');
  await classifier.close();`;

test('a program in modules classifies, and finds the weights of faces', async (t) => {
  const printed = await runProgram(
    t.context.project,
    'program.mjs',
    `import { loadClassifier } from 'ort-transfer';
     import { loadBackbone } from 'ort-transfer/applications';
     ${classify}
     const { features, info } = await loadBackbone({ weights: 'vggface2' });
     console.log(label, features, info.weights);`,
  );
  t.is(printed, 'red 1024 vggface2');
});

test('a program of CommonJS requires it', async (t) => {
  const printed = await runProgram(
    t.context.project,
    'program.cjs',
    `const { loadClassifier } = require('ort-transfer');
     (async () => { ${classify} console.log(label); })();`,
  );
  t.is(printed, 'red');
});

test('a worker thread classifies, too', async (t) => {
  const printed = await runProgram(
    t.context.project,
    'thread.mjs',
    `import { isMainThread, parentPort, Worker } from 'node:worker_threads';
     import { loadClassifier } from 'ort-transfer';
     if (isMainThread) new Worker(new URL(import.meta.url)).on('message', (label) => console.log(label));
     else { ${classify} parentPort.postMessage(label); }`,
  );
  t.is(printed, 'red');
});

/** What strangers write, in types. */
const typed = `
import { createServer } from 'node:http';
import { type Answer, ImageError, loadClassifier, saveLabelled, train, type Verdict } from 'ort-transfer';
import { MobileNet } from 'ort-transfer/applications';
import { EarlyStopping } from 'ort-transfer/callbacks';
import { Dense, GlobalAveragePooling2D } from 'ort-transfer/layers';
import { Model } from 'ort-transfer/models';

export async function serve(): Promise<void> {
  const classifier = await loadClassifier('model.onnx', { provider: 'cpu' });
  createServer(async (request, response) => {
    try {
      const answer: Answer = await classifier.classify(request, { maxBytes: 10_000_000 });
      const best: Verdict = answer;
      response.end(answer.known ? best.label : 'unknown');
    } catch (error) {
      response.statusCode = error instanceof ImageError ? 400 : 500;
      response.end();
    }
  }).listen();
  for await (const answer of classifier.classifyMany([new Blob([]), new URL('file:///a.jpg'), new ArrayBuffer(1)]))
    console.log(answer.error ? answer.error.message : answer.label.length);
  const vector: Float32Array = await classifier.embed('a.jpg', { signal: AbortSignal.timeout(9) });
  await saveLabelled('a.jpg', await classifier.classify('a.jpg'), 'b.jpg');
  const { accuracy, model }: { accuracy: number | null; model: string } = await train({ train: 'photos' });
  console.log(vector, accuracy, model);
}

export async function keras(): Promise<Model> {
  const base = await MobileNet({ includeTop: false, weights: null, inputShape: [128, 128, 3] });
  const x = new GlobalAveragePooling2D().apply(base.output);
  const model = new Model({ inputs: base.input, outputs: new Dense({ units: 2 }).apply(x) });
  model.compile({ optimizer: 'adam', loss: 'mse' });
  console.log(new EarlyStopping({ patience: 3 }));
  return model;
}
`;
const typedPage = `
import type { ClassifierElement } from 'ort-transfer-web';
const element: ClassifierElement = document.createElement('ort-classifier');
element.addEventListener('prediction', ({ detail }) => console.log(detail.predictions[0]?.label.length));
element.addEventListener('error', ({ detail }) => console.log(detail.fault));
element.addEventListener('click', ({ clientX }) => console.log(clientX));
export default element;
`;

for (const [module, moduleResolution] of [
  ['Node16', 'Node16'],
  ['NodeNext', 'NodeNext'],
  ['ESNext', 'Bundler'],
] as const)
  test(`strict types of ${module} with ${moduleResolution} find no fault, in declarations either`, async (t) => {
    const folder = join(t.context.project, `types-${moduleResolution}`);
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'node.ts'), typed);
    await writeFile(join(folder, 'page.ts'), typedPage);
    const strict = { strict: true, skipLibCheck: false, noEmit: true, exactOptionalPropertyTypes: false };
    const compilerOptions = { ...strict, module, moduleResolution, target: 'ES2022' };
    const lib = ['ES2023', 'DOM', 'DOM.Iterable'];
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, lib, types: ['node'] } }),
    );
    const { stdout } = await exec(join(bin, 'tsc'), ['-p', folder]).catch((error) => error);
    t.is(stdout, '');
  });

test('the commands work from the package: version, prediction, page and studio', async (t) => {
  const { project: cwd } = t.context;
  const command = (name: string, ...args: string[]) =>
    exec(process.execPath, [join(cwd, `node_modules/ort-transfer/dist/src/cli/${name}.js`), ...args], {
      cwd,
    });
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  t.is((await command('ort-transfer', '--version')).stdout, `${version}\n`);
  t.regex((await command('ort-predict', 'red.png', '--model', 'model.onnx')).stdout, /^red\.png: red /);
  const page = await command('ort-transfer', 'web', '--model', 'model.onnx');
  t.regex(page.stdout, /^out\/web: \d+\.\d MB, \d+ files\. Show it with 'ort-transfer serve out\/web'\.\n$/);
  const files = await listFiles(join(cwd, 'out/web'));
  for (const name of ['index.html', 'page.css', 'page.js', 'model.onnx', 'worker.js', 'service-worker.js'])
    t.true(files.includes(name), name);
  t.regex(
    await readFile(join(cwd, 'out/web/service-worker.js'), 'utf8'),
    /^const builtFiles=\{".*"index\.html":"[\da-f]{16}"/,
  );
  t.regex(
    (await command('ort-transfer', 'studio', '--zip')).stdout,
    /^out\/studio\.zip: \d+\.\d MB, \d+ files\n$/,
  );
  const zip = unzipSync(await readFile(join(cwd, 'out/studio.zip')));
  for (const name of ['index.html', 'studio.json', 'models/faceres.bin', 'face-detector.onnx'])
    t.true(Object.hasOwn(zip, name), name);
});
