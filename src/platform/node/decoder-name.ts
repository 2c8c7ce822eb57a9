import { loadSharp } from './decode-stored.js';

/**
 * Names the library that decodes pictures here, with its version: others may make other pixels of one file.
 *
 * @throws ResourceError where memory or file handles do not suffice to load it
 */
export async function decoderName(): Promise<string> {
  const sharp = await loadSharp();
  return sharp ? `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}` : 'jimp';
}
