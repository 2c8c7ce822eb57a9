import { convert } from '../../images/formats/convert-colour.js';
import { type Image, ImageError } from '../../images/image.js';

/** Picture files to pixels, by the browser's own decoders. */
export async function decodeImage(
  bytes: Uint8Array,
  { exif = true, channels = 3 }: { exif?: boolean; channels?: Image['channels'] } = {},
): Promise<Image> {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const bitmap = await createImageBitmap(blob, {
    imageOrientation: exif ? 'from-image' : ('none' as ImageOrientation),
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch((cause) => {
    throw new ImageError('not an image', 'bytes that this browser cannot decode', { cause });
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const data = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
  return convert({ width, height, channels: 4, data }, { colour: 'rgb', alpha: true }, channels);
}

export async function encodeImage(): Promise<Uint8Array> {
  throw new Error('Expected a file system to write pictures to. Received: a web page. Hint: do it in Node.');
}
