import { ClassifierError, type Progress } from './classifier-protocol.js';

export interface DownloadOptions {
  onProgress?: (progress: Progress) => void;
  /** Whether the file is kept in Cache Storage, where it serves later visits, offline too. Default false. */
  keep?: boolean;
}

/** Where models are kept. The number grows when what is kept changes its form. */
const shelf = 'ort-transfer-1';

/**
 * Fetches a file, telling how far it is.
 *
 * A file that is kept is fetched again only when the server has another one, by `ETag` or `Last-Modified`, or
 * tells neither; and it serves where the server cannot be reached.
 *
 * @throws ClassifierError `'no model'` when the server cannot be reached, or has no such file.
 */
export async function download(
  url: string,
  { onProgress, keep = false }: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = `Expected a model at ${url}.`;
  const cache = keep ? await openShelf() : undefined;
  try {
    const kept = cache && (await readKept(cache, url));
    if (kept) return kept;
    // Kept once is enough; and where two elements fetch a large file at once, Chromium's own cache fails one of them.
    const response = await fetch(url, cache ? { cache: 'no-store' } : {});
    if (!response.ok)
      throw new ClassifierError('no model', `${expected} Received: HTTP status ${response.status}.`);
    const version = versionOf(response);
    const bytes = await read(response, onProgress);
    await cache
      ?.put(url, new Response(bytes, { headers: version ? { [versionHeader]: version } : {} }))
      // No room, or not allowed: the file is there all the same.
      .catch(() => {});
    return bytes;
  } catch (cause) {
    if (cause instanceof ClassifierError) throw cause;
    throw new ClassifierError('no model', `${expected} Received: no reply.`, { cause });
  }
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

/** What tells a file from the one that replaces it; undefined where the server does not say. */
const versionOf = ({ headers }: Response): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** Whether the server still has the file that is kept, or cannot be asked. */
async function isCurrent(kept: Response, url: string): Promise<boolean> {
  let head: Response;
  try {
    head = await fetch(url, { method: 'HEAD', cache: 'no-cache' });
  } catch {
    return true; // Offline.
  }
  const version = versionOf(head);
  return head.ok && version !== undefined && version === kept.headers.get(versionHeader);
}

async function read(
  response: Response,
  onProgress?: (progress: Progress) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Of a compressed reply the server tells the compressed length.
  const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  const total = length === null ? undefined : Number(length);
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body!.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    chunks.push(step.value);
    received += step.value.length;
    onProgress?.({ received, total });
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
