/** Real limits on memory, threads, file handles and file sizes: the pictures are sound, and none may be blamed. */
import { spawn, spawnSync } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import sharp from 'sharp';
import { drawPatterns } from './pictures.js';

const test = anyTest as TestFn<{ room: string; large: string; small: string; model: string }>;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as `limit` says, like `['prlimit', '--data=1000']`. */
function runUnder(
  limit: readonly string[],
  name: 'ort-transfer' | 'ort-predict',
  args: readonly string[],
  onStart: (pid: number) => void = () => {},
): Promise<Ended> {
  const script = new URL(`../../src/cli/${name}.js`, import.meta.url).pathname;
  const [file = '', ...rest] = [...limit, process.execPath, script, ...args];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (text) => {
      output[stream] += text;
    });
  if (child.pid !== undefined) onStart(child.pid);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** Tells why a test cannot run here. */
function lacks(t: ExecutionContext, tool: string, ...args: string[]): boolean {
  const { status, error, stderr } = spawnSync(tool, args, { encoding: 'utf8' });
  if (status === 0) return false;
  t.log(`skipped: ${tool} does not work here (${error?.message ?? stderr.trim()})`);
  t.pass();
  return true;
}

/** Whether what ran out is named. V8 ends the process itself where its own heap cannot grow, in words of its own. */
function assertNamed(t: ExecutionContext, { code, signal, stdout, stderr }: Ended, what: RegExp): void {
  t.notRegex(stderr + stdout, /damaged|truncated|not an image|skipped|Skipped/);
  if (signal === null && code === 1) t.regex(stderr, what);
  else t.regex(stderr, /out of memory|Fatal error/, `exit ${code}, signal ${signal}`);
}

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-limits-'));
  const [large, small] = [join(room, 'large'), join(room, 'small')];
  await drawPatterns(small, 8, 1);
  const [tile] = await readdir(join(small, 'rings'));
  for (const [i, format] of (['jpeg', 'png', 'webp', 'jpeg', 'png', 'webp'] as const).entries()) {
    const folder = join(large, i < 3 ? 'a' : 'b');
    await mkdir(folder, { recursive: true });
    await sharp(join(small, 'rings', `${tile}`))
      .resize(4600, 3400, { fit: 'fill', kernel: 'nearest' })
      .tint({ r: 40 * i, g: 200, b: 90 })
      .toFormat(format, { progressive: i === 0, effort: 1 })
      .toFile(join(folder, `${i}.${format}`));
  }
  const out = join(room, 'model');
  const { code, stderr } = await runUnder([], 'ort-transfer', [
    ...['train', '--train', small, '--out', out, '--cache', join(room, 'cache')],
    ...['--epochs', '1', '--views', '1', '--crop', 'none', '--provider', 'cpu'],
  ]);
  t.is(code, 0, stderr);
  t.context = { room, large, small, model: join(out, 'model.onnx') };
});
test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

const common = (room: string, name: string) => [
  ...['--crop', 'none', '--provider', 'cpu', '--cache', join(room, `cache of ${name}`)],
];

type Command = readonly [name: 'ort-transfer' | 'ort-predict', args: readonly string[]];

/** Every command that reads pictures, on the large ones. */
const commands: Record<string, (context: { room: string; large: string; model: string }) => Command> = {
  features: ({ room, large }) => [
    'ort-transfer',
    ['features', large, ...common(room, 'features'), '--out', join(room, 'features')],
  ],
  train: ({ room, large }) => [
    'ort-transfer',
    ['train', '--train', large, ...common(room, 'train'), '--views', '1', '--out', join(room, 'out')],
  ],
  inspect: ({ room, large }) => [
    'ort-transfer',
    ['inspect', large, ...common(room, 'inspect'), '--out', join(room, 'inspect')],
  ],
  'ort-predict': ({ large, model }) => ['ort-predict', [large, '--model', model, '--provider', 'cpu']],
};

for (const [name, command] of Object.entries(commands))
  test.serial(`${name}: memory that runs out is named, and no picture is blamed`, async (t) => {
    if (lacks(t, 'prlimit', '--version')) return;
    const ended = await runUnder(['prlimit', '--data=550000000'], ...command(t.context));
    t.not(ended.code, 0);
    assertNamed(t, ended, /^error: Expected enough (memory|threads)\. Received: no more \(.*\)\. Hint: /m);
  });

test.serial('a limit that suffices for one picture at a time leaves none out', async (t) => {
  if (lacks(t, 'prlimit', '--version')) return;
  const { room, large } = t.context;
  let ended: Ended | undefined;
  // How much that is depends on the machine.
  for (const megabytes of [700, 800, 900, 1000, 1200]) {
    const args = ['features', large, ...common(room, 'one'), '--out', join(room, 'one')];
    ended = await runUnder(['prlimit', `--data=${megabytes * 1e6}`], 'ort-transfer', args);
    if (ended.code === 0) break;
    assertNamed(t, ended, /^error: Expected enough (memory|threads)\./m);
  }
  t.is(ended?.stdout, `${join(room, 'one')}/features.npy: 6 × 1024, 0 photos skipped\n`);
});

test.serial('file handles that run out while pictures are read are named', async (t) => {
  if (lacks(t, 'prlimit', '--version')) return;
  const { room } = t.context;
  const cache = join(room, 'handles');
  const more = join(room, 'more');
  await drawPatterns(more, 60, 3);
  const ended = await runUnder(
    [],
    'ort-transfer',
    [
      'features',
      more,
      '--crop',
      'none',
      '--provider',
      'cpu',
      '--cache',
      cache,
      '--out',
      join(room, 'handles out'),
    ],
    async (pid) => {
      // The cache's folder is made with the first picture: by then all modules are loaded.
      while ((await readdir(cache).catch(() => [])).length === 0)
        await new Promise((resolve) => setImmediate(resolve));
      spawnSync('prlimit', [`--pid=${pid}`, '--nofile=3']);
    },
  );
  t.is(ended.code, 1);
  assertNamed(
    t,
    ended,
    /^error: Expected (enough file handles\. Received: no more \(EMFILE|a folder to keep features in)/m,
  );
});

test.serial('threads that cannot be started are named', async (t) => {
  const { room, small } = t.context;
  if (process.getuid?.() !== 0) {
    t.log('skipped: another user, without processes of its own, is needed, and only root may become one');
    t.pass();
    return;
  }
  const uid = 61_000 + (process.pid % 1000);
  const as = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const home = join(room, 'home');
  await mkdir(home);
  for (const folder of [room, home]) await chown(folder, uid, uid);
  // Another user must be able to read the project, too, which may lie in a folder of its owner's alone.
  const script = fileURLToPath(new URL('../../src/cli/ort-transfer.js', import.meta.url));
  if (lacks(t, 'setpriv', ...as.slice(1), process.execPath, script, '--version')) return;
  const args = [small, '--crop', 'none', '--provider', 'cpu', '--cache', home, '--out', join(home, 'out')];
  const ended = await runUnder(['prlimit', '--nproc=13', ...as], 'ort-transfer', ['features', ...args]);
  assertNamed(t, ended, /^error: Expected enough threads\. Received: no more \(.*\)\. Hint: /m);
});

test.serial('a file that may not grow so large is told, and nothing half-written is left', async (t) => {
  if (process.platform === 'win32') {
    t.log('skipped: there is no ulimit on Windows');
    t.pass();
    return;
  }
  const { room, small } = t.context;
  const out = join(room, 'small files');
  const limit = ['sh', '-c', 'ulimit -f 40; exec "$@"', 'sh'];
  const args = ['features', small, '--crop', 'none', '--provider', 'cpu', '--out', out];
  const kept = await runUnder(limit, 'ort-transfer', [...args, '--cache', join(room, 'limited')]);
  t.is(kept.code, 1);
  t.regex(
    kept.stderr,
    /^error: Expected a folder to keep features in\. Received: .*, the file would be larger than this process may write \(ulimit -f\)\. Hint: /m,
  );
  const written = await runUnder(limit, 'ort-transfer', [...args, '--cache', join(room, 'cache')]);
  t.is(written.code, 1);
  t.regex(
    written.stderr,
    /^error: .*features\.npy: the file would be larger than this process may write \(ulimit -f\)$/m,
  );
  t.deepEqual(await readdir(out), []);
});
