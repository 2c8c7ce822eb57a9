import { UserError } from '../errors.js';

/** How far a download is, in bytes. */
export interface DownloadProgress {
  readonly file: string;
  readonly received: number;
  /** Unknown where the server does not say. */
  readonly total: number | undefined;
}

/** A file that is kept after it was fetched once. */
export interface RemoteFile {
  /** The name that it is kept under. */
  readonly file: string;
  readonly url: string;
  /** Of the file, in hexadecimal, where it is known. */
  readonly sha256?: string;
  /** Likewise, where its publisher says no other hash. */
  readonly md5?: string;
  /** Throws for bytes that are not the whole file, as an earlier download may have left them. */
  readonly check?: (bytes: Uint8Array) => void;
  /** Called with every part that arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** A file that could not be fetched. */
export class DownloadError extends UserError {
  override name = 'DownloadError';
  /** How far it had come when the server broke off; undefined where it never began. */
  readonly progress?: DownloadProgress;

  constructor(message: string, { cause, progress }: { cause?: unknown; progress?: DownloadProgress } = {}) {
    super(message, { cause });
    this.progress = progress;
  }
}

/**
 * Fetches a file.
 *
 * @throws DownloadError when the server cannot be reached, refuses, or breaks off
 */
export const download = async (remote: RemoteFile): Promise<Uint8Array<ArrayBuffer>> =>
  (await fetchFile(remote)).bytes;

/**
 * Fetches a file with the headers that came before it. Where the connection breaks and the server sends parts, the rest is
 * fetched, as often as some of it comes.
 *
 * @throws DownloadError when the server cannot be reached, refuses, or breaks off
 */
export async function fetchFile(
  { file, url, onProgress }: RemoteFile,
  options: RequestInit = {},
): Promise<{ bytes: Uint8Array<ArrayBuffer>; headers: Headers }> {
  let progress: DownloadProgress | undefined;
  let first: Headers | undefined;
  const chunks: BlobPart[] = [];
  try {
    for (let got = -1; ; ) {
      const received: number = progress?.received ?? 0;
      const resumed = first && received > 0 ? partOf(options, received, first) : null;
      const response: Response = await fetch(url, resumed ?? options);
      const { ok, status, headers, body } = response;
      if (!ok || !body) throw new Error(`HTTP status ${status}`);
      // Whoever sends the whole file has another one by now.
      if (!first || status !== 206) {
        chunks.length = 0;
        first = headers;
        progress = { file, received: 0, total: lengthOf(headers) };
      }
      try {
        const reader = body.getReader();
        for (let step = await reader.read(); !step.done; step = await reader.read()) {
          chunks.push(step.value);
          progress = {
            file,
            total: progress?.total,
            received: (progress?.received ?? 0) + step.value.length,
          };
          onProgress?.(progress);
        }
        return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), headers: first };
      } catch (cause) {
        const now: number = progress?.received ?? 0;
        if (!sendsParts(first) || now <= got || options.signal?.aborted) throw cause;
        got = now;
      }
    }
  } catch (cause) {
    throw new DownloadError(`Expected ${file} at ${url}. Received: ${reasonOf(cause)}.`, { cause, progress });
  }
}

/** Whether a server sends the rest of a file, and says whether it is still the same one. */
const sendsParts = (headers: Headers): boolean =>
  headers.get('accept-ranges') === 'bytes' &&
  headers.get('etag')?.startsWith('"') === true &&
  !headers.has('content-encoding');

/** A request for the rest, or for the whole where the file is another one by now. */
function partOf(options: RequestInit, received: number, first: Headers): RequestInit {
  const headers = new Headers(options.headers);
  headers.set('range', `bytes=${received}-`);
  headers.set('if-range', first.get('etag') ?? '');
  return { ...options, headers };
}

/** Bytes in all; undefined for a compressed reply, whose header tells the compressed length. */
function lengthOf(headers: Headers): number | undefined {
  const length = headers.has('content-encoding') ? null : headers.get('content-length');
  return length === null ? undefined : Number(length);
}

/** `fetch` says 'fetch failed' and hides why in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: Error & { code?: string } };
  return cause?.code ?? cause?.message ?? message;
}
