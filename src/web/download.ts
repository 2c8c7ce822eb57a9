import { ClassifierError, type Progress } from './protocol.js';

/**
 * Fetches a file, telling how far it is.
 *
 * @throws ClassifierError `'no model'` when the server cannot be reached, or has no such file.
 */
export async function download(
  url: string,
  onProgress?: (progress: Progress) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = `Expected a model at ${url}.`;
  try {
    const response = await fetch(url);
    if (!response.ok)
      throw new ClassifierError('no model', `${expected} Received: HTTP status ${response.status}.`);
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
  } catch (cause) {
    if (cause instanceof ClassifierError) throw cause;
    throw new ClassifierError('no model', `${expected} Received: no reply.`, { cause });
  }
}
