import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Jimp } from 'jimp';
import sharp from 'sharp';
import type { Image } from '../../src/images/image.js';
import { resize } from '../../src/images/resample/resample.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { decodeImage } from '../../src/platform/node/decode.js';
import { inTurn, type Row } from './median.js';

const [width, height] = [1280, 960];
const size = [224, 224] as const;

/** Decoding a JPEG of 1280 × 960, resizing it to 224 × 224 with Pillow's bilinear filter, and both: file to pixels. */
export async function benchPictures({ rounds, python }: { rounds: number; python?: string }): Promise<Row[]> {
  const coarse = Uint8Array.from(new RandomState(1).uniform(0, 256, 64 * 48 * 3));
  const jpeg = await sharp(coarse, { raw: { width: 64, height: 48, channels: 3 } })
    .resize(width, height)
    .jpeg({ quality: 90 })
    .toBuffer();
  const image: Image = await decodeImage(jpeg);
  const bitmap = await Jimp.read(jpeg);
  const shrink = (whole: Image) => resize(whole, { size, interpolation: 'bilinear' });

  const decoding = await inTurn(
    {
      ours: () => decodeImage(jpeg),
      jimp: () => decodeImage(jpeg, { decoder: 'jimp' }),
    },
    rounds,
  );
  const resizing = await inTurn(
    {
      ours: async () => shrink(image),
      jimp: async () => bitmap.clone().resize({ w: 224, h: 224 }),
    },
    rounds * 3,
  );
  const whole = await inTurn(
    {
      ours: async () => shrink(await decodeImage(jpeg)),
      jimp: async () => (await Jimp.read(jpeg)).resize({ w: 224, h: 224 }),
    },
    rounds,
  );
  const pillow = python === undefined ? undefined : await pillowMilliseconds(python, jpeg, rounds * 3);
  return [
    ...rowsOf('decode a JPEG of 1280×960', decoding, pillow?.decode),
    ...rowsOf('bilinear 1280×960 → 224×224', resizing, pillow?.resize),
    ...rowsOf('both, from the file to 224×224', whole, pillow?.whole),
  ];
}

/** Our own time, then how it compares with Jimp's and Pillow's. */
function rowsOf(what: string, { ours, jimp }: { ours: number; jimp: number }, pillow?: number): Row[] {
  return [
    [`${what}: ours`, `${ours.toFixed(2)} ms`],
    ['  Jimp', `${jimp.toFixed(1)} ms, ours is ${(jimp / ours).toFixed(1)}× as fast`],
    [
      '  Pillow',
      pillow === undefined
        ? 'not measured: KERAS_PYTHON names no Python'
        : `${pillow.toFixed(2)} ms, ours takes ${(ours / pillow).toFixed(2)}× its time`,
    ],
  ];
}

/** The medians of Pillow's own times for the same file, in a process beside this one. */
async function pillowMilliseconds(
  python: string,
  jpeg: Uint8Array,
  rounds: number,
): Promise<{ decode: number; resize: number; whole: number }> {
  const script = `
import io, json, statistics, sys, time
from PIL import Image
jpeg = sys.stdin.buffer.read()

def decode():
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image

def resize(image):
    return image.resize((224, 224), Image.Resampling.BILINEAR)

def median(work):
    times = []
    for _ in range(${rounds + 3}):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[3:]) * 1000

image = decode()
print(json.dumps({'decode': median(decode), 'resize': median(lambda: resize(image)), 'whole': median(lambda: resize(decode()))}))`;
  const running = promisify(execFile)(python, ['-c', script]);
  running.child.stdin!.end(jpeg);
  return JSON.parse((await running).stdout);
}
