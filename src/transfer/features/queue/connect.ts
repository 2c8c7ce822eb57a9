/** The way to Redis, or Valkey. BullMQ and its client are loaded here, where they are installed. */
import type { ConnectionOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { UserError } from '../../../errors.js';

/** A queue that cannot be reached. */
export class QueueError extends UserError {
  override name = 'QueueError';
}

export interface QueueConnection {
  readonly bullmq: typeof import('bullmq');
  /** For BullMQ's queues and workers, which need not close it. */
  readonly connection: ConnectionOptions;
  /** The address without password. */
  readonly address: string;
  close(): Promise<void>;
}

/** Milliseconds within which Redis must have answered at first. Later it is waited for. */
const firstAnswer = 10e3;
/** Milliseconds between two tries to reach it again, at most. */
const longestPause = 2000;

/** An address for people: the password is not printed. */
export function withoutPassword(address: string): string {
  try {
    const url = new URL(address);
    if (url.password !== '') url.password = '***';
    url.search = '';
    return url.href;
  } catch {
    return 'an address that is no URL';
  }
}

/** @throws UserError where the address is none of Redis's */
function checkAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '') return url;
  throw new UserError(
    `Expected \`queue\` like redis://host:6379, or rediss://user:password@host:6379/0 with TLS. Received: ${withoutPassword(address)}.`,
  );
}

/**
 * Connects to Redis.
 *
 * @param address `redis://` or, with TLS, `rediss://`, with user, password and number of the database where there are
 * @param onTrouble told when the connection breaks off, once until it is back
 * @throws UserError where BullMQ is not installed; QueueError where Redis does not answer, or refuses
 */
export async function connectQueue(
  address: string,
  onTrouble: (text: string) => void = () => {},
): Promise<QueueConnection> {
  checkAddress(address);
  const [bullmq, { Redis: Client }] = await loadPackages();
  const shown = withoutPassword(address);
  const redis = new Client(address, {
    // Commands wait until Redis is back.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(longestPause, 100 * times),
    lazyConnect: true,
  });
  let isTold = false;
  await new Promise<void>((resolve, reject) => {
    let reason = 'no answer';
    const give = (detail: string) => {
      redis.disconnect();
      reject(
        new QueueError(
          `Expected Redis or Valkey at ${shown}. Received: ${detail}. Hint: redis-cli -u ADDRESS ping tells whether it can be reached.`,
        ),
      );
    };
    const timer = setTimeout(() => give(reason), firstAnswer);
    redis.on('error', (error: Error) => {
      reason = error.message.replaceAll(address, shown);
      if (/^(WRONGPASS|NOAUTH|NOPERM|ERR )/.test(error.message)) {
        clearTimeout(timer);
        give(reason);
      }
    });
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
    redis.connect().catch(() => {});
  });
  redis.on('close', () => {
    if (!isTold) onTrouble(`Redis at ${shown} is gone; waiting for it`);
    isTold = true;
  });
  redis.on('ready', () => {
    isTold = false;
  });
  return {
    bullmq,
    connection: redis as Redis,
    address: shown,
    close: async () => {
      isTold = true;
      redis.disconnect();
    },
  };
}

async function loadPackages() {
  try {
    return await Promise.all([import('bullmq'), import('ioredis')]);
  } catch (cause) {
    throw new UserError(
      'Expected the packages bullmq and ioredis, which `queue` needs. Received: packages that do not load. Hint: npm install bullmq ioredis.',
      { cause },
    );
  }
}
