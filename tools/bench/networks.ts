import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { backboneModel, backboneWriter } from '../../src/classifier/backbone.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { scalings } from '../../src/graph/preprocessing.js';
import { type Application, applications, megabytesOf } from '../../src/keras/applications/registry.js';
import { inTurn, type Row } from './median.js';

/** The networks that a person chooses from; deeper ones cost as many times more as they have layers. */
const measured = applications.filter(({ name }) => !/resnet1/.test(name));

/**
 * Processor milliseconds of each network for one picture of the size it was trained on, on one thread, with random
 * weights; beside Keras's, where there is a Python.
 */
export async function benchNetworks({ rounds, python }: { rounds: number; python?: string }): Promise<Row[]> {
  const theirs = python ? await askKeras(python, rounds) : {};
  const rows: Row[] = [];
  for (const application of measured) {
    const { name, className, features, size } = application;
    const own = await measure(application, rounds);
    const keras = theirs[className];
    const beside = keras === undefined ? '' : `, Keras ${keras.toFixed(0)} (${(own / keras).toFixed(2)}×)`;
    rows.push([
      `${name}, ${size} × ${size}, ${features} features, ${megabytesOf(application)} MB`,
      `${own.toFixed(0)} ms a picture${beside}`,
    ]);
  }
  return rows;
}

async function measure({ load, size, features, scaling }: Application, rounds: number): Promise<number> {
  const make = await load();
  const model = await make({ weights: null, includeTop: false, inputShape: [size, size, 3] });
  const backbone = { size: [size, size], features, scaling: scalings[scaling], opset: 13 } as const;
  const bytes = encodeModel(backboneModel({ ...backbone, write: backboneWriter({ model }) }));
  const session = await (await ortNode({ provider: 'cpu', threads: 1 })).load(bytes);
  const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * 37 + (i >> 7) * 11) & 255);
  const pixels = { type: 'uint8', dims: [1, size, size, 3], data } as const;
  const { own } = await inTurn({ own: () => session.run({ pixels }) }, rounds, processorTime);
  await session.release();
  return own;
}

/** Milliseconds of all threads of this process. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Keras's milliseconds by the names of its functions. */
function askKeras(python: string, rounds: number): Promise<Record<string, number>> {
  const script = fileURLToPath(new URL('../../../tools/bench/networks.py', import.meta.url));
  const sizes = Object.fromEntries(measured.map(({ className, size }) => [className, size]));
  return new Promise((resolve, reject) => {
    execFile(python, [script, String(rounds), JSON.stringify(sizes)], (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout)),
    );
  });
}
