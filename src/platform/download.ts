/** How far a download is, in bytes. */
import { UserError } from '../errors.js';
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
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** A file that could not be fetched. */
export class DownloadError extends UserError {
  override name = 'DownloadError';
}

/**
 * Fetches a file.
 *
 * @throws DownloadError when the server cannot be reached, refuses, or breaks off
 */
export async function download({ file, url, onProgress }: RemoteFile): Promise<Uint8Array> {
  try {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      received += chunk.length;
      onProgress?.({ file, received, total });
    }
    return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  } catch (cause) {
    throw new DownloadError(`Expected ${file} at ${url}. Received: ${reasonOf(cause)}.`, { cause });
  }
}

/** `fetch` says 'fetch failed' and hides why in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: Error & { code?: string } };
  return cause?.code ?? cause?.message ?? message;
}
