import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Precision } from '../../src/classifier/precision.js';
import type { Engine } from '../../src/engine/engine.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { ortWeb } from '../../src/engine/ort-web.js';
import { tensor } from '../../src/graph/tensor.js';
import { decodeImage } from '../../src/platform/node/decode.js';
import { findImages } from '../../src/platform/node/folder.js';
import { publishModel } from '../../src/transfer/convert/publish.js';
import { silent } from '../../src/transfer/reporter.js';
import { inTurn, type Row } from './median.js';

/**
 * Measures small weights: size of the trained model, accuracy on the sample's test pictures, and the time of a
 * prediction, batch 1 on one thread, in onnxruntime-node and in onnxruntime-web's WebAssembly, which runs in Node
 * here.
 */
export async function benchPrecision(options: {
  sample: string;
  model: string;
  rounds: number;
}): Promise<Row[]> {
  const { sample, model, rounds } = options;
  if (!existsSync(model)) return [['fp16 and int8', `not measured: ${model} is missing, make train`]];
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  try {
    const files: Record<Precision, string> = {
      fp32: model,
      fp16: join(room, 'fp16.onnx'),
      int8: join(room, 'int8.onnx'),
    };
    const publish = (precision: Precision) =>
      publishModel(
        {
          model,
          out: files[precision],
          precision,
          validation: `${sample}/test`,
          engine: { provider: 'cpu' },
        },
        silent,
      );
    const published = [await publish('fp16'), await publish('int8')];
    const [picture] = (await findImages(`${sample}/test`)).paths;
    const inNode = await timesOf(await ortNode({ provider: 'cpu', threads: 1 }), files, picture!, rounds);
    const inWasm = await timesOf(await ortWeb(), files, picture!, rounds);
    return [
      [
        'the trained model, fp32',
        `${megabytes(published[0]!.bytes.before)}; one prediction: ${inNode.fp32.toFixed(1)} ms in onnxruntime-node, ${inWasm.fp32.toFixed(1)} ms in onnxruntime-web`,
      ],
      ...published.map(({ precision, bytes, evaluation }): Row => {
        const { before, after } = evaluation!;
        const points = (100 * (after.accuracy - before.accuracy)).toFixed(1);
        const ratio = (times: Record<Precision, number>) => (times[precision] / times.fp32).toFixed(2);
        return [
          `  ${precision}`,
          `${megabytes(bytes.after)}, accuracy ${points} points, ${ratio(inNode)}× the time in onnxruntime-node, ${ratio(inWasm)}× in onnxruntime-web`,
        ];
      }),
    ];
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** Processor milliseconds of a prediction with each file. */
async function timesOf(
  engine: Engine,
  files: Readonly<Record<Precision, string>>,
  picture: string,
  rounds: number,
): Promise<Record<Precision, number>> {
  const { width, height, data } = await decodeImage(await readFile(picture));
  const pixels = tensor('uint8', data as Uint8Array<ArrayBuffer>, [1, height, width, 3]);
  const open = async (precision: Precision) => engine.load(await readFile(files[precision]));
  const sessions = { fp32: await open('fp32'), fp16: await open('fp16'), int8: await open('int8') };
  const times = await inTurn(
    {
      fp32: () => sessions.fp32.run({ pixels }),
      fp16: () => sessions.fp16.run({ pixels }),
      int8: () => sessions.int8.run({ pixels }),
    },
    10 * rounds,
    processorTime,
  );
  for (const session of Object.values(sessions)) await session.release();
  return times;
}

/** Milliseconds of processor time of this process; on one thread, the time on an idle machine. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
