import { fork } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Classifier, loadClassifier } from '../../src/index.js';
import type { Row } from './median.js';

/** What the visitor measured, in milliseconds and pictures a second. */
interface Visit {
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
  readonly rate: number;
}

/**
 * While 16 photos are uploaded at once, again and again, how soon does `/ping` of the same server answer? The visitor is
 * a process of its own. Beside it the same with `workers: 0`, where the thread that serves classifies, too.
 */
export async function benchServer({
  model,
  photos,
  rounds,
}: {
  model: string;
  photos: string;
  rounds: number;
}): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, workers] of [
    ['threads of its own', undefined],
    ['the thread that serves', 0],
  ] as const) {
    await using classifier = await loadClassifier(model, { workers });
    const { median, p95, worst, rate } = await visit(classifier, photos, rounds);
    const times = `${median.toFixed(1)} ms, 95% within ${p95.toFixed(1)}, worst ${worst.toFixed(1)}`;
    rows.push([`/ping during 16 uploads, ${name}`, `${times}; ${rate.toFixed(1)} photos/s`]);
  }
  return rows;
}

async function visit(classifier: Classifier, photos: string, rounds: number): Promise<Visit> {
  const server = createServer((request, response) => {
    if (request.url === '/ping') response.end('pong');
    else
      classifier.classify(request).then(
        ({ label }) => response.end(label),
        (error) => response.writeHead(500).end(String(error)),
      );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<Visit>((resolve, reject) => {
      const visitor = fork(fileURLToPath(import.meta.url), [String(port), photos, String(rounds)]);
      visitor.once('message', (found) => resolve(found as Visit));
      visitor.once('exit', (code) => reject(new Error(`The visitor ended with ${code}.`)));
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The visitor's process. */
async function measure(port: string, photos: string, rounds: number): Promise<Visit> {
  const names = (await readdir(photos)).slice(0, 16);
  const files = await Promise.all(names.map((name) => readFile(join(photos, name))));
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;
  const upload = async (body: Uint8Array<ArrayBuffer>) => {
    const response = await fetch(at('/classify'), { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
  };
  const all = () =>
    Promise.all(Array.from({ length: 16 }, (_, i) => upload(files[i % files.length] as Buffer<ArrayBuffer>)));
  await all();
  let isOver = false;
  const times: number[] = [];
  const pings = (async () => {
    while (!isOver) {
      const began = performance.now();
      await (await fetch(at('/ping'))).text();
      times.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const began = performance.now();
  for (let round = 0; round < rounds; round++) await all();
  const rate = (16 * rounds * 1000) / (performance.now() - began);
  isOver = true;
  await pings;
  times.sort((a, b) => a - b);
  const at95 = times[Math.floor(0.95 * times.length)] ?? Number.NaN;
  return {
    median: times[times.length >> 1] ?? Number.NaN,
    p95: at95,
    worst: times.at(-1) ?? Number.NaN,
    rate,
  };
}

if (process.send) {
  const [port = '', photos = '', rounds = ''] = process.argv.slice(2);
  process.send(await measure(port, photos, Number(rounds)));
  process.exit();
}
