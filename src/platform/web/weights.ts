import { download, type RemoteFile } from '../download.js';
import { plainSha256 } from './plain-sha256.js';

/** In hexadecimal. Browsers do this on pages of a secure origin alone. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (!globalThis.crypto?.subtle) return plainSha256(bytes);
  const hash = await crypto.subtle.digest('SHA-256', bytes as BufferSource);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The bytes of a model of the npm package `@vladmandic/human`, whose folder `models` the page must serve, or the folder
 * of the script where a worker asks.
 */
export const readHumanModel = (file: string): Promise<Uint8Array> =>
  download({ file, url: new URL(`models/${file}`, globalThis.document?.baseURI ?? location.href).href });

/** The bytes of a weights file of Keras's; the browser's own cache keeps it. */
export const readKerasFile = (remote: RemoteFile): Promise<Uint8Array> => download(remote);
