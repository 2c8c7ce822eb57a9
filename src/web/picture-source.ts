import { ClassifierError } from './classifier-protocol.js';

/**
 * All that pages keep pictures in: a file, its address, or pixels. A video gives the frame that it shows, a canvas and
 * an `<img>` what they show; the page's own pixels are left as they are, but for an `ImageBitmap`, which is handed over.
 */
export type PictureSource =
  | Blob
  | string
  | URL
  | ImageBitmap
  | ImageData
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | HTMLVideoElement;

/**
 * A picture as the worker takes it.
 *
 * @param source an address is relative to the page
 * @throws ClassifierError `'bad picture'` when the address leads to none, or nothing is shown yet
 */
export async function toPicture(source: PictureSource): Promise<Blob | ImageBitmap> {
  if (source instanceof Blob || source instanceof ImageBitmap) return source;
  try {
    if (typeof source === 'string' || source instanceof URL) return await fetchPicture(source);
    if (source instanceof HTMLImageElement) await source.decode();
    // The worker must be allowed to read the pixels, which those of other sites are not.
    return await createImageBitmap(source, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  } catch (cause) {
    if (cause instanceof ClassifierError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClassifierError('bad picture', `Expected a picture. Received: ${nameOf(source)}: ${reason}`, {
      cause,
    });
  }
}

async function fetchPicture(address: string | URL): Promise<Blob> {
  const url = new URL(address, document.baseURI);
  const response = await fetch(url);
  if (response.ok) return response.blob();
  throw new ClassifierError(
    'bad picture',
    `Expected a picture at ${url}. Received: HTTP status ${response.status}.`,
  );
}

/** How a source is called in an error. */
const nameOf = (source: unknown): string =>
  typeof source === 'string' || source instanceof URL
    ? String(source)
    : source === null || source === undefined
      ? String(source)
      : `an ${Object.getPrototypeOf(source)?.constructor?.name ?? 'object'}`;
