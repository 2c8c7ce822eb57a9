import { download, type RemoteFile } from '../download.js';

/** The SHA-256 of bytes, in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // Browsers hash on pages of a secure origin alone.
  if (!globalThis.crypto?.subtle) return (await import('./plain-sha256.js')).plainSha256(bytes);
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
