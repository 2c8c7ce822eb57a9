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
 * Fetches a file with the headers that came before it.
 *
 * @throws DownloadError when the server cannot be reached, refuses, or breaks off
 */
export async function fetchFile(
  { file, url, onProgress }: RemoteFile,
  options: RequestInit = {},
): Promise<{ bytes: Uint8Array<ArrayBuffer>; headers: Headers }> {
  let progress: DownloadProgress | undefined;
  try {
    const response = await fetch(url, options);
    const { ok, status, headers, body } = response;
    if (!ok || !body) throw new Error(`HTTP status ${status}`);
    progress = { file, received: 0, total: lengthOf(headers) };
    const chunks: BlobPart[] = [];
    const reader = body.getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      chunks.push(step.value);
      progress = { ...progress, received: progress.received + step.value.length };
      onProgress?.(progress);
    }
    return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), headers };
  } catch (cause) {
    throw new DownloadError(`Expected ${file} at ${url}. Received: ${reasonOf(cause)}.`, { cause, progress });
  }
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
