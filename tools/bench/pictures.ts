import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Jimp } from 'jimp';
import sharp from 'sharp';
import { decodeImage } from '../../src/images/decode.js';
import type { Image } from '../../src/images/image.js';
import { resize } from '../../src/images/resample.js';
import { RandomState } from '../../src/keras/random.js';
import { inTurn, type Row } from './median.js';

/** Decoding a JPEG of 1280 × 960, and resizing it to 224 × 224 with Pillow's bilinear filter. */
export async function benchPictures({ rounds, python }: { rounds: number; python?: string }): Promise<Row[]> {
  const [width, height] = [1280, 960];
  const coarse = Uint8Array.from(new RandomState(1).uniform(0, 256, 64 * 48 * 3));
  const jpeg = await sharp(coarse, { raw: { width: 64, height: 48, channels: 3 } })
    .resize(width, height)
    .jpeg({ quality: 90 })
    .toBuffer();
  const image: Image = await decodeImage(jpeg);
  const bitmap = await Jimp.read(jpeg);

  const decoding = await inTurn(
    {
      ours: () => decodeImage(jpeg),
      jimp: () => decodeImage(jpeg, { decoder: 'jimp' }),
    },
    rounds,
  );
  const resizing = await inTurn(
    {
      ours: async () => resize(image, { size: [224, 224], interpolation: 'bilinear' }),
      jimp: async () => bitmap.clone().resize({ w: 224, h: 224 }),
    },
    rounds * 3,
  );
  const rows: Row[] = [
    ['decode a JPEG of 1280×960: sharp', `${decoding.ours.toFixed(1)} ms`],
    [
      '  Jimp',
      `${decoding.jimp.toFixed(1)} ms, sharp is ${(decoding.jimp / decoding.ours).toFixed(1)}× as fast`,
    ],
    ['bilinear 1280×960 → 224×224: ours', `${resizing.ours.toFixed(2)} ms`],
    [
      '  Jimp',
      `${resizing.jimp.toFixed(1)} ms, ours is ${(resizing.jimp / resizing.ours).toFixed(1)}× as fast`,
    ],
  ];
  if (python === undefined) return [...rows, ['  Pillow', 'not measured: KERAS_PYTHON names no Python']];
  const pillow = await pillowMilliseconds(python, rounds * 3);
  return [
    ...rows,
    ['  Pillow', `${pillow.toFixed(2)} ms, ours takes ${(resizing.ours / pillow).toFixed(2)}× its time`],
  ];
}

/** The median of Pillow's own time for the same, in a process beside this one. */
async function pillowMilliseconds(python: string, rounds: number): Promise<number> {
  const script = `
import statistics, time
from PIL import Image
image = Image.effect_noise((1280, 960), 64).convert('RGB')
times = []
for _ in range(${rounds + 3}):
    began = time.perf_counter()
    image.resize((224, 224), Image.Resampling.BILINEAR)
    times.append(time.perf_counter() - began)
print(statistics.median(times[3:]) * 1000)`;
  const { stdout } = await promisify(execFile)(python, ['-c', script]);
  return Number(stdout);
}
