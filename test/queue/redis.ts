/** A real Redis for tests, on a free port of this machine, with its append-only file. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** Why there is no Redis to test with; `null` where there is one. */
export const whyNoRedis = (): string | null =>
  spawnSync('redis-server', ['--version']).error
    ? 'redis-server is not installed (Debian: apt-get install redis-server)'
    : null;

export class TestRedis {
  readonly password = 'pass-word-of-the-test';
  #process: ChildProcess | null = null;

  private constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  static async start(folder: string): Promise<TestRedis> {
    const redis = new TestRedis(folder, await freePort());
    await redis.start();
    return redis;
  }

  get address(): string {
    return `redis://:${this.password}@127.0.0.1:${this.port}/0`;
  }

  async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.folder,
      appendonly: 'yes',
      save: '',
      requirepass: this.password,
      'maxmemory-policy': 'noeviction',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = started;
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject);
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
      createInterface({ input: started.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Ends it at once, as a power cut does. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (!running) return;
    this.#process = null;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
