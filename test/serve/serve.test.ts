import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { type FolderServer, ServeError, serveFolder } from '../../src/cli/serve/serve.js';
import { parseRange } from '../../src/cli/serve/static-files.js';

const test = anyTest as TestFn<{ room: string; site: string; server: FolderServer }>;

const secret = 'nobody may read this';
const digits = '0123456789';

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-serve-'));
  const site = join(room, 'site');
  await mkdir(join(site, 'sub/deep'), { recursive: true });
  await mkdir(join(site, 'empty'));
  await mkdir(join(room, 'site-of-others'));
  await mkdir(join(site, '.git'));
  for (const [name, text] of Object.entries({
    'site/index.html': '<!doctype html><p>home',
    'site/digits.txt': digits,
    'site/nothing.txt': '',
    'site/a b+ü%.json': '{}',
    'site/model.onnx': 'onnx',
    'site/ort.wasm': 'wasm',
    'site/ort.mjs': 'export {}',
    'site/STYLE.CSS': 'p {}',
    'site/noending': 'bytes',
    'site/sub/index.html': '<p>sub',
    'site/.env': secret,
    'site/.git/config': secret,
    'secret.txt': secret,
    'site-of-others/secret.txt': secret,
  }))
    await writeFile(join(room, name), text);
  await symlink('../secret.txt', join(site, 'out.txt'));
  await symlink('..', join(site, 'up'));
  await symlink('../site-of-others', join(site, 'sibling'));
  await symlink('digits.txt', join(site, 'within.txt'));
  await symlink('loop', join(site, 'loop'));
  await mkdir(join(site, 'trap'));
  await symlink('../../secret.txt', join(site, 'trap/index.html'));
  execFileSync('mkfifo', [join(site, 'pipe')]);
  await utimes(join(site, 'digits.txt'), 1_700_000_000, 1_700_000_000.5);
  t.context = { room, site, server: await serveFolder(site, { port: 0 }) };
});
test.after.always(async ({ context: { room, server } }) => {
  await server?.close();
  await rm(room, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks for a path as it stands; `fetch` would tidy it up first. */
const ask = (
  { url }: Pick<FolderServer, 'url'>,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request(
      { host: hostname.replace(/[[\]]/g, ''), port, path, method, headers, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
        response.on('error', reject);
      },
    )
      .on('error', reject)
      .end();
  });

/** Sends bytes to the server and returns all that comes back. */
const sendRaw = ({ url }: FolderServer, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });

test('files come with their type and length, folders with their index.html', async (t) => {
  const { server } = t.context;
  for (const [path, type, body] of [
    ['/', 'text/html; charset=utf-8', '<!doctype html><p>home'],
    ['/index.html?x=1', 'text/html; charset=utf-8', '<!doctype html><p>home'],
    ['/sub/', 'text/html; charset=utf-8', '<p>sub'],
    ['/model.onnx', 'application/octet-stream', 'onnx'],
    ['/ort.wasm', 'application/wasm', 'wasm'],
    ['/ort.mjs', 'text/javascript; charset=utf-8', 'export {}'],
    ['/STYLE.CSS', 'text/css; charset=utf-8', 'p {}'],
    ['/noending', 'application/octet-stream', 'bytes'],
    ['/a%20b+%C3%BC%25.json', 'application/json', '{}'],
    ['/within.txt', 'text/plain; charset=utf-8', digits],
    ['/nothing.txt', 'text/plain; charset=utf-8', ''],
  ] as const) {
    const { status, headers, body: received } = await ask(server, path);
    t.deepEqual(
      [status, headers['content-type'], headers['content-length'], received],
      [200, type, String(body.length), body],
      path,
    );
    t.is(headers['x-content-type-options'], 'nosniff');
  }
});

test('nothing outside of the folder is given out, however it is asked for', async (t) => {
  const { server } = t.context;
  for (const [path, status] of [
    ['/../secret.txt', 403],
    ['/sub/../../secret.txt', 403],
    ['/sub/../index.html', 403],
    ['/..', 403],
    ['/%2e%2e/secret.txt', 403],
    ['/%2E%2E%2Fsecret.txt', 403],
    ['/..%2fsecret.txt', 403],
    ['/sub/%2e%2e/%2e%2e/secret.txt', 403],
    ['/..%5csecret.txt', 400],
    ['/..\\secret.txt', 400],
    ['/%252e%252e/secret.txt', 404],
    ['/out.txt', 403],
    ['/up/secret.txt', 403],
    ['/up/', 403],
    ['/sibling/secret.txt', 403],
    ['/trap/', 403],
    ['/secret.txt%00.html', 400],
    ['/index.html%00', 400],
    ['/%', 400],
    ['/%ff%fe', 400],
    ['/%c0%ae%c0%ae/secret.txt', 400],
    ['//secret.txt', 404],
    ['//etc/passwd', 404],
    ['/%2fetc/passwd', 404],
    ['/./index.html', 404],
    ['/.env', 404],
    ['/%2eenv', 404],
    ['/.git/config', 404],
    ['index.html', 400],
    ['http://127.0.0.1/index.html', 400],
    ['*', 400],
  ] as const) {
    const { status: received, body } = await ask(server, path);
    t.is(received, status, path);
    t.false(body.includes(secret), path);
  }
  const raw = await sendRaw(
    server,
    'GET /../secret.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  t.regex(raw, /^HTTP\/1\.1 403 Forbidden\r\n/);
  t.false(raw.includes(secret));
});

test('what is not there, not a file or not readable is told apart', async (t) => {
  const { server, site } = t.context;
  const locked = join(site, 'locked.txt');
  await writeFile(locked, secret);
  await chmod(locked, 0);
  for (const [path, status] of [
    ['/nowhere.txt', 404],
    ['/sub/nowhere/x', 404],
    ['/empty/', 404],
    ['/sub/deep/', 404],
    ['/digits.txt/', 404],
    ['/digits.txt/x', 404],
    ['/pipe', 404],
    ['/loop', 404],
    [`/${'x'.repeat(300)}`, 404],
  ] as const)
    t.is((await ask(server, path)).status, status, path);
  t.regex((await ask(server, '/nowhere.txt')).headers['content-type']!, /^text\/plain/);
  // The superuser may read everything.
  if (process.getuid?.() === 0) t.log('runs as root, so no file is locked');
  else t.is((await ask(server, '/locked.txt')).status, 403);
});

test('a folder without its slash leads to the one with', async (t) => {
  const { server } = t.context;
  const { status, headers } = await ask(server, '/sub?x=%2F#part');
  t.deepEqual([status, headers.location], [301, '/sub/?x=%2F']);
  t.is(await (await fetch(new URL('sub', server.url))).text(), '<p>sub');
  // `//sub/` would be another server's address.
  const twice = await ask(server, '//sub');
  t.deepEqual([twice.status, twice.headers.location], [404, undefined]);
});

test('HEAD is GET without the body; everything else is refused', async (t) => {
  const { server } = t.context;
  const [get, head] = [
    await ask(server, '/digits.txt'),
    await ask(server, '/digits.txt', { method: 'HEAD' }),
  ];
  const { date: _, ...expected } = get.headers;
  const { date: __, ...received } = head.headers;
  t.deepEqual({ status: head.status, body: head.body }, { status: 200, body: '' });
  t.deepEqual(received, expected);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    const { status, headers } = await ask(server, '/digits.txt', { method });
    t.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method);
  }
  const missing = await ask(server, '/nowhere', { method: 'HEAD' });
  t.deepEqual([missing.status, missing.body], [404, '']);
});

test('parts of a file are sent as they are asked for', async (t) => {
  const { server } = t.context;
  for (const [range, status, part, body] of [
    ['bytes=0-3', 206, 'bytes 0-3/10', '0123'],
    ['bytes=7-', 206, 'bytes 7-9/10', '789'],
    ['bytes=-2', 206, 'bytes 8-9/10', '89'],
    ['bytes=-99', 206, 'bytes 0-9/10', digits],
    ['bytes=5-99', 206, 'bytes 5-9/10', '56789'],
    ['bytes=10-', 416, 'bytes */10', undefined],
    ['bytes=-0', 416, 'bytes */10', undefined],
    ['bytes=0-1,4-5', 200, undefined, digits],
    ['bytes=4-2', 200, undefined, digits],
    ['lines=0-1', 200, undefined, digits],
    ['bytes=-', 200, undefined, digits],
  ] as const) {
    const answer = await ask(server, '/digits.txt', { headers: { range } });
    t.deepEqual([answer.status, answer.headers['content-range']], [status, part], range);
    if (body !== undefined)
      t.deepEqual([answer.body, answer.headers['content-length']], [body, String(body.length)], range);
  }
  const { etag, 'last-modified': date } = (await ask(server, '/digits.txt')).headers;
  for (const [condition, status] of [
    [etag!, 206],
    [date!, 206],
    ['"other"', 200],
  ] as const) {
    const headers = { range: 'bytes=0-0', 'if-range': condition };
    t.is((await ask(server, '/digits.txt', { headers })).status, status, condition);
  }
  t.is(parseRange('bytes=0-', 0), null, 'an empty file has no bytes');
});

test('files that did not change are not sent again; those that did are', async (t) => {
  const { server, site } = t.context;
  const path = '/changing.txt';
  await writeFile(join(site, path), 'before');
  const first = await ask(server, path);
  t.is(first.headers['cache-control'], 'no-cache');
  const etag = first.headers.etag!;
  const unchanged = await ask(server, path, { headers: { 'if-none-match': `"x", W/${etag}` } });
  t.deepEqual([unchanged.status, unchanged.body, unchanged.headers.etag], [304, '', etag]);
  const since = { 'if-modified-since': first.headers['last-modified']! };
  t.is((await ask(server, path, { headers: since })).status, 304);
  t.is((await ask(server, path, { headers: { ...since, 'if-none-match': '"x"' } })).status, 200);
  await writeFile(join(site, path), 'after!');
  await utimes(join(site, path), 1_700_000_000, 1_800_000_000);
  const changed = await ask(server, path, { headers: { 'if-none-match': etag, ...since } });
  t.deepEqual([changed.status, changed.body], [200, 'after!']);
});

test('isolated pages get the headers that shared memory asks for, on every answer', async (t) => {
  const { site, server } = t.context;
  const isolated = await serveFolder(site, { port: 0, isolate: true });
  t.teardown(() => isolated.close());
  for (const path of ['/', '/ort.wasm', '/nowhere']) {
    const { headers } = await ask(isolated, path);
    t.is(headers['cross-origin-opener-policy'], 'same-origin');
    t.is(headers['cross-origin-embedder-policy'], 'require-corp');
    t.is(headers['cross-origin-resource-policy'], 'same-origin');
  }
  t.is((await ask(server, '/')).headers['cross-origin-opener-policy'], undefined);
});

test('other machines are not let in, nor sites that call this machine by a name of theirs', async (t) => {
  const { server } = t.context;
  t.true(server.isLocal);
  const { port } = new URL(server.url);
  for (const [host, status] of [
    [`127.0.0.1:${port}`, 200],
    [`localhost:${port}`, 200],
    ['LOCALHOST', 200],
    [`[::1]:${port}`, 200],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    [`localhost.evil.example:${port}`, 421],
  ] as const)
    t.is((await ask(server, '/', { headers: { host } })).status, status, host);
  const outside = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  if (!outside) return t.log('this machine has no address but its own');
  await t.throwsAsync(ask({ url: `http://${outside.address}:${port}/` }, '/'), { code: 'ECONNREFUSED' });
});

test('many visitors at once, and some who leave early, are served', async (t) => {
  const { server, site } = t.context;
  const large = 'x'.repeat(3_000_000);
  await writeFile(join(site, 'large.bin'), large);
  const leaves = Array.from({ length: 5 }, async () => {
    const abort = new AbortController();
    const { body } = await fetch(new URL('large.bin', server.url), { signal: abort.signal });
    await body!.getReader().read();
    abort.abort();
  });
  const stays = Array.from({ length: 8 }, async () => (await ask(server, '/large.bin')).body);
  await Promise.all(leaves);
  for (const body of await Promise.all(stays)) t.true(body === large);
});

test('folders and addresses that cannot be served are told', async (t) => {
  const { server, site } = t.context;
  const { port } = new URL(server.url);
  const refuse = (folder: string, options: object, message: string) =>
    t.throwsAsync(serveFolder(folder, options), { instanceOf: ServeError, message });
  await refuse(
    'no/where',
    {},
    "Expected a folder to serve. Received: no/where, which does not exist. Hint: 'ort-transfer web' builds out/web.",
  );
  await refuse(
    join(site, 'digits.txt'),
    {},
    `Expected a folder to serve. Received: ${join(site, 'digits.txt')}, which is a file. Hint: 'ort-transfer web' builds out/web.`,
  );
  await refuse(
    site,
    { port: Number(port) },
    `Expected an address to listen on. Received: 127.0.0.1, port ${port}, which is in use. Hint: --port 0 takes one that is free.`,
  );
  await refuse(
    site,
    { port: 0, host: '192.0.2.1' },
    'Expected an address to listen on. Received: 192.0.2.1, port 0, which is not this machine.',
  );
});

/** Starts `ort-transfer serve` and waits for its first line. */
async function start(args: string[]): Promise<{ child: ChildProcess; line: string; errors: () => string }> {
  const script = new URL('../../src/cli/ort-transfer.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text)));
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${errors}`)));
  });
  return { child, line, errors: () => errors };
}

const ended = (child: ChildProcess): Promise<[code: number | null, signal: string | null]> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`the command serves until ${signal}, and ends at once though a browser is connected`, async (t) => {
    const { site } = t.context;
    const { child, line, errors } = await start([site, '--port', '0', '--isolate']);
    t.teardown(() => child.kill('SIGKILL'));
    const url = /^(http:\/\/127\.0\.0\.1:\d+\/) serves .* until Ctrl-C\n$/.exec(line)?.[1];
    t.truthy(url, line);
    const { headers } = await fetch(url!);
    t.is(headers.get('cross-origin-opener-policy'), 'same-origin');
    const open = connect(Number(new URL(url!).port), '127.0.0.1');
    open.on('error', () => {});
    const end = ended(child);
    child.kill(signal);
    t.deepEqual(await end, [0, null]);
    t.is(errors(), '');
    open.destroy();
  });

test('the command warns when it lets other machines in', async (t) => {
  const { child, errors } = await start([t.context.site, '--port', '0', '--host', '0.0.0.0']);
  const end = ended(child);
  child.kill('SIGTERM');
  await end;
  t.regex(errors(), /^warning: Whoever reaches this machine can read .*\n$/);
});
