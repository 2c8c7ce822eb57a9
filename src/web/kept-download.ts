import { type DownloadError, fetchFile } from '#platform';
import { ClassifierError, type Progress } from './classifier-protocol.js';

export interface DownloadOptions<T> {
  /** Called with every part that arrives. Default: nothing is told. */
  onProgress?: (progress: Progress) => void;
  /** Whether the file is kept in Cache Storage, where it serves later visits, offline too. Default false. */
  keep?: boolean;
  /** Reads the bytes, and throws when they are damaged: such a file is not kept, and one that was is fetched anew. */
  read: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>;
}

/** The cache of models. The number grows when its entries change their form. */
const shelf = 'ort-transfer-1';

/**
 * Fetches a file, telling how far it is.
 *
 * A file that is kept is fetched again only when the server has another one, by `ETag` or `Last-Modified`, or
 * tells neither; and it serves where the server cannot be reached.
 *
 * @returns the result of `read`
 * @throws ClassifierError `'no model'` when the server cannot be reached, has no such file, or breaks off; whatever
 * `read` throws
 */
export async function download<T>(
  url: string,
  { onProgress, keep = false, read }: DownloadOptions<T>,
): Promise<T> {
  const cache = keep ? await openShelf() : undefined;
  const kept = cache && (await readKept(cache, url));
  const sound = kept && (await read(kept).catch(() => undefined));
  if (sound !== undefined) return sound;
  const { bytes, headers } = await fetchFile(
    { file: 'a model', url, onProgress },
    // Kept once is enough; and where two elements fetch a large file at once, Chromium's own cache fails one of them.
    cache ? { cache: 'no-store' } : {},
  ).catch(async (cause) => {
    // Browsers tell of what a page forbids after the request has failed.
    await new Promise((resolve) => setTimeout(resolve));
    throw new ClassifierError('no model', messageOf(cause, url), { cause });
  });
  const result = await read(bytes);
  const version = versionOf(headers);
  await cache
    ?.put(url, new Response(bytes, { headers: version ? { [versionHeader]: version } : {} }))
    // No room, or not allowed: the file is there all the same.
    .catch(() => {});
  return result;
}

/** The addresses that the page's Content-Security-Policy forbade. */
const forbidden = new Set<string>();
globalThis.addEventListener?.('securitypolicyviolation', (event) =>
  forbidden.add((event as SecurityPolicyViolationEvent).blockedURI),
);

/** Browsers do not tell why nothing came, or nothing more. */
function messageOf(error: unknown, url: string): string {
  const { progress, message } = error as DownloadError;
  if (forbidden.has(url))
    return `Expected a model at ${url}. Received: a Content-Security-Policy that forbids it. Hint: connect-src must name its origin.`;
  if (progress)
    return `Expected a model at ${url}. Received: ${progress.received} of ${progress.total ?? 'its'} bytes.`;
  return /HTTP status/.test(message) ? message : `Expected a model at ${url}. Received: no reply.`;
}

/** Undefined where there is none: outside secure origins, and where the visitor forbids it. */
async function openShelf(): Promise<Cache | undefined> {
  try {
    return await globalThis.caches?.open(shelf);
  } catch {
    return undefined;
  }
}

/** The file that is kept, while it is current; undefined where there is none, or it cannot be read. */
async function readKept(cache: Cache, url: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const kept = await cache.match(url);
    return kept && (await isCurrent(kept, url)) ? new Uint8Array(await kept.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

const versionHeader = 'x-version';

/** Tells a file from the one that replaces it; undefined where the server does not say. */
const versionOf = (headers: Headers): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** Whether the server still has the file that is kept, or cannot be asked. */
async function isCurrent(kept: Response, url: string): Promise<boolean> {
  let head: Response;
  try {
    head = await fetch(url, { method: 'HEAD', cache: 'no-cache' });
  } catch {
    return true; // Offline.
  }
  const version = versionOf(head.headers);
  return head.ok && version !== undefined && version === kept.headers.get(versionHeader);
}
