import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile as write } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeFile } from '../../src/platform/node/files.js';
import { writeTogether } from '../../src/platform/node/output-folder.js';
import { processName } from '../../src/platform/node/processes.js';
import { removeRemains } from '../../src/platform/node/remains.js';
import { withFolder } from '../saving/folder.js';

/** Files of a folder with what they hold, hidden ones included. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries: Record<string, string> = {};
  for (const name of (await readdir(folder)).sort())
    entries[name] = await readFile(join(folder, name), 'utf8').catch(() => 'a folder');
  return entries;
}

/** The number of a process that is no more. */
const gone = (): number => spawnSync(process.execPath, ['--version']).pid;

test('files appear together when the job ends, those of before stay until then', async (t) => {
  await withFolder(async (folder) => {
    await write(join(folder, 'a'), 'old');
    const result = await writeTogether(folder, async (output) => {
      await output.write('a', 'new');
      await write(output.path('b'), 'new');
      t.deepEqual(await contents(folder), { '.unfinished': 'a folder', a: 'old' });
      return 7;
    });
    t.is(result, 7);
    t.deepEqual(await contents(folder), { a: 'new', b: 'new' });
  });
});

test('a file that the run is to leave none of is gone, whoever wrote it', async (t) => {
  await withFolder(async (folder) => {
    for (const name of ['a', 'b', 'c']) await write(join(folder, name), 'old');
    await writeTogether(folder, async (output) => {
      await output.write('b', 'new');
      output.remove('a');
      output.remove('b');
      output.remove('never there');
    });
    t.deepEqual(await contents(folder), { c: 'old' });
  });
});

test('a job that fails leaves the older files, and nothing else', async (t) => {
  await withFolder(async (folder) => {
    await write(join(folder, 'a'), 'old');
    const failing = writeTogether(folder, async (output) => {
      await output.write('a', 'new');
      throw new Error('no');
    });
    await t.throwsAsync(failing, { message: 'no' });
    t.deepEqual(await contents(folder), { a: 'old' });
  });
});

test('a second run is refused while the first goes on, and welcome afterwards', async (t) => {
  await withFolder(async (folder) => {
    await writeTogether(folder, async (output) => {
      await output.write('a', 'first');
      await t.throwsAsync(
        writeTogether(folder, async () => t.fail()),
        {
          name: 'OutputBusyError',
          message: `Expected one run at a time that writes to ${folder}. Received: a second; process ${process.pid} on ${hostname()} is at it. Hint: wait for it, or name another \`out\`.`,
        },
      );
    });
    await writeTogether(folder, (output) => output.write('b', 'second'));
    t.deepEqual(await contents(folder), { a: 'first', b: 'second' });
  });
});

/** The folder in which the files of a run grow that was killed. */
async function leave(folder: string, files: readonly string[], { pid = gone(), host = hostname() } = {}) {
  const growing = join(folder, '.unfinished');
  await mkdir(growing, { recursive: true });
  await write(join(growing, 'owner.json'), JSON.stringify({ host, pid, run: 1 }));
  for (const name of files) await write(join(growing, name), name === 'complete' ? '["c"]' : 'killed');
}

test('what a killed run left is removed, or put in place where all of it was whole', async (t) => {
  await withFolder(async (folder) => {
    await write(join(folder, 'a'), 'old');
    await leave(folder, ['a', 'b']);
    await writeTogether(folder, (output) => output.write('c', 'new'));
    t.deepEqual(await contents(folder), { a: 'old', c: 'new' });
    await leave(folder, ['a', 'b', 'complete']);
    await writeTogether(folder, (output) => output.write('d', 'newer'));
    t.deepEqual(await contents(folder), { a: 'killed', b: 'killed', d: 'newer' });
    // A process of ours of the same number, before a container began anew.
    await leave(folder, ['a'], { pid: process.pid });
    await writeTogether(folder, (output) => output.write('d', 'newest'));
    t.deepEqual(await contents(folder), { a: 'killed', b: 'killed', d: 'newest' });
    await leave(folder, ['a'], { host: `${hostname()}-another` });
    await t.throwsAsync(
      writeTogether(folder, async () => {}),
      { name: 'OutputBusyError' },
    );
  });
});

test('a process that is killed while it writes leaves files of before, and the next run cleans up', async (t) => {
  await withFolder(async (folder) => {
    await write(join(folder, 'a'), 'old');
    const module = new URL('../../src/platform/node/output-folder.js', import.meta.url).href;
    const script = `import { writeTogether } from ${JSON.stringify(module)};
      await writeTogether(process.argv[1], async (output) => {
        await output.write('a', 'killed');
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});
      });`;
    const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, folder], {
      encoding: 'utf8',
    });
    t.is(signal, 'SIGKILL', stderr);
    t.deepEqual(await contents(folder), { '.unfinished': 'a folder', a: 'old' });
    await writeTogether(folder, async () => {});
    t.deepEqual(await contents(folder), { a: 'old' });
  });
});

test('a disk that is full leaves the files of before, and nothing else', async (t) => {
  await withFolder(async (folder) => {
    for (const name of ['a', 'b']) await write(join(folder, name), 'old');
    const module = new URL('../../src/platform/node/output-folder.js', import.meta.url).href;
    const script = `import { writeTogether } from ${JSON.stringify(module)};
      const writing = writeTogether(process.argv[1], async (output) => {
        await output.write('a', 'new');
        await output.write('b', new Uint8Array(1e6));
      });
      await writing.catch((error) => console.log(error.code, error.path));`;
    // No file may grow beyond 512 KB.
    const command = `ulimit -f 1024; exec "$0" --input-type=module -e ${quoted(script)} ${quoted(folder)}`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath], { encoding: 'utf8' });
    t.is(stdout, `EFBIG ${join(folder, 'b')}\n`, stderr);
    t.deepEqual(await contents(folder), { a: 'old', b: 'old' });
  });
});

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

test('a folder that cannot be written to is named', async (t) => {
  await withFolder(async (folder) => {
    const file = join(folder, 'file');
    await write(file, '');
    const error = await t.throwsAsync(writeTogether(file, async () => {}));
    t.like(error, { code: 'ENOTDIR', path: file });
  });
});

test('temporary files of processes that are no more are removed, those of others stay', async (t) => {
  await withFolder(async (folder) => {
    const names = [
      `model.onnx.${hostname()}.${gone()}.tmp`,
      `b.${hostname()}.${process.ppid}.tmp`,
      `c.${processName()}.tmp`,
      `d.elsewhere.${gone()}.tmp`,
      'e.tmp',
    ];
    for (const name of names) await write(join(folder, name), '');
    t.deepEqual(await removeRemains(folder), []);
    t.deepEqual((await readdir(folder)).sort(), names.slice(1).sort());
    await writeFile(join(folder, 'f'), 'whole');
    t.is(await readFile(join(folder, 'f'), 'utf8'), 'whole');
  });
});
