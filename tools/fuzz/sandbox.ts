/** Uses damaged files as the commands do, in a folder in which only the files asked for may be written. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backboneModel } from '../../src/classifier/backbone.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { encodeImage } from '../../src/platform/node/encode.js';
import { openOnnxBackbone } from '../../src/transfer/backbone-onnx/backbone-onnx.js';
import { convertModel, summarise } from '../../src/transfer/convert/convert.js';
import { publishModel } from '../../src/transfer/convert/publish.js';
import { FileClassifier } from '../../src/transfer/predict/load-classifier.js';
import type { Mutant } from './damage.js';

const quiet = { warn: () => {}, info: () => {}, print: () => {}, progress: () => {} };

/** @param root folder in which the sandbox gets one of its own */
export async function createSandbox(root: string) {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const folder = await mkdtemp(join(root, 'sandbox-'));
  const [inside, outside] = [join(folder, 'in'), join(folder, 'out')];
  const picture = await encodeImage(
    { width: 5, height: 4, channels: 3, data: new Uint8Array(60).fill(120) },
    'png',
  );

  /** `summary` and `convert`. */
  async function convert(input: string): Promise<void> {
    await summarise(input, quiet);
    const out = join(outside, input.endsWith('.onnx') ? 'model.keras' : 'model.onnx');
    await convertModel({ ...quiet, input, out });
  }
  /** `features --weights`. */
  async function extract(input: string): Promise<void> {
    const extractor = await openOnnxBackbone(input, { engine, inputScaling: 'tf' }, quiet);
    const session = await engine.load(encodeModel(backboneModel(extractor)));
    await session.release();
  }
  /** `predict`, and `export`. */
  async function classify(input: string): Promise<void> {
    const classifier = await FileClassifier.load(input, engine);
    try {
      await classifier.classify(picture);
    } finally {
      await classifier.release();
    }
    await publishModel(
      { model: input, out: join(outside, 'model.onnx'), precision: 'int8', explain: true },
      quiet,
    );
  }

  return {
    /**
     * Writes the file and puts it to every use.
     *
     * @returns for each use `null`, or its error
     * @throws Error when a file was written that nobody asked for
     */
    async use({ name, bytes }: Mutant): Promise<(Error | null)[]> {
      const input = join(inside, `model.${name.replace(/^.*\./, '')}`);
      const beside = join(inside, 'weights.bin');
      await mkdir(outside, { recursive: true });
      await mkdir(inside, { recursive: true });
      await writeFile(input, bytes);
      await writeFile(beside, new Uint8Array(4096));
      const uses = name.endsWith('.onnx') ? [convert, extract, classify] : [convert];
      const outcomes: (Error | null)[] = [];
      for (const use of uses)
        outcomes.push(
          await use(input).then(
            () => null,
            (error: Error) => error,
          ),
        );
      const allowed = [
        input,
        beside,
        inside,
        outside,
        join(outside, 'model.keras'),
        join(outside, 'model.onnx'),
      ];
      const found = (await readdir(folder, { recursive: true })).map((path) => join(folder, path));
      const strange = found.filter((path) => !allowed.includes(path));
      const isSame = Buffer.compare(await readFile(input), bytes) === 0;
      await rm(inside, { recursive: true });
      await rm(outside, { recursive: true });
      if (strange.length > 0 || !isSame)
        throw new Error(
          `Expected no other files. Received: ${isSame ? strange.join(', ') : 'another input'}.`,
        );
      return outcomes;
    },
  };
}
