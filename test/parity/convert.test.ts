import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readMetadata } from '../../src/classifier/metadata.js';
import { storeWeights } from '../../src/classifier/precision.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { float32, sizeOf, tensor } from '../../src/graph/tensor.js';
import { convertModel, readLabels, summarise } from '../../src/transfer/convert/convert.js';
import { assertClose } from '../compare.js';
import { pythonScript } from './python.js';

interface Outcome {
  readonly input: readonly number[];
  readonly dims: readonly number[];
  readonly predictions: readonly number[];
  readonly summary: string;
}

const engine = await ortNode({ provider: 'cpu', threads: 1 });
const askKeras = pythonScript('convert.py');
let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'convert-'));
});
test.after.always(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What ONNX Runtime makes of the levels that `outcome` of convert.py scales, or of these scaled. */
async function predict(
  path: string,
  shape: readonly number[],
): Promise<{ dims: readonly number[]; data: Float32Array }> {
  const session = await engine.load(await readFile(path));
  const [input] = session.inputNames;
  const levels = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (i * 37) % 256);
  const scaled = Float32Array.from(levels, (level) => Math.fround(level / Math.fround(127.5)) - 1);
  const results = await session.run({
    [input!]: input === 'pixels' ? tensor('uint8', levels, shape) : float32(scaled, shape),
  });
  await session.release();
  const [output] = Object.values(results);
  return { dims: output!.dims, data: output!.data as Float32Array };
}

const labels = ['apple', 'pear', 'fig', 'さくら'];

/** Models of convert.py, and the formats to begin with: large ones take Keras seconds to build. */
const cases = {
  small: ['h5', 'keras'],
  mobilenet: ['h5'],
  mobilenet_v2: ['keras'],
  features: ['keras'],
  head: ['h5', 'keras'],
} as const;

for (const [name, formats] of Object.entries(cases))
  test.serial(
    `${name}: .h5, .keras and .onnx become one another, and predict what Keras predicts`,
    async (t) => {
      const path = (file: string) => join(folder, `${name}-${file}`);
      const made = (format: 'h5' | 'keras') => path(`made.${format}`);
      const expected = await askKeras<Outcome>({ ask: 'make', name, paths: formats.map(made) });
      const isClassifier = name !== 'features' && name !== 'head';
      const near = (actual: ArrayLike<number>, label: string) =>
        // Maps of random weights have values of several units.
        assertClose(t, actual, expected.predictions, { label, relative: 1e-5, absolute: 1e-5 });
      await writeFile(path('labels.txt'), `${labels.join('\n')}\n`);

      for (const format of formats) {
        t.is((await summarise(made(format))).trimEnd(), expected.summary.trimEnd(), `summary of .${format}`);
        const other = format === 'h5' ? 'keras' : 'h5';
        const direct = path(`from-${format}.${other}`);
        await convertModel({ input: made(format), out: direct });
        const judged = await askKeras<Outcome>({ ask: 'judge', path: direct });
        near(judged.predictions, `.${format} to .${other}`);
        t.is(judged.summary, expected.summary, `.${format} to .${other}`);

        const onnx = path(`from-${format}.onnx`);
        const named = await readLabels(format === 'h5' ? path('labels.txt') : labels.join(','));
        await convertModel({ input: made(format), out: onnx, ...(isClassifier ? { labels: named } : {}) });
        if (isClassifier) t.deepEqual(readMetadata(await readFile(onnx)).labels, labels);
        const { dims, data } = await predict(onnx, expected.input);
        t.deepEqual(dims, expected.dims);
        near(data, `.${format} to .onnx`);

        const back = path(`back-from-${format}.${format}`);
        await convertModel({ input: onnx, out: back });
        const again = await askKeras<Outcome>({ ask: 'judge', path: back });
        near(again.predictions, `.onnx to .${format}`);
        t.is((await summarise(onnx)).trimEnd(), again.summary.trimEnd(), 'summary of .onnx');
      }

      if (name !== 'small' && name !== 'mobilenet_v2') return;
      const onnx = path('from-keras.onnx');
      const { graph, ...rest } = decodeModel(await readFile(onnx));
      for (const precision of ['fp16', 'int8'] as const) {
        const small = path(`${precision}.onnx`);
        await writeFile(small, encodeModel({ ...rest, graph: storeWeights(graph, precision) }));
        const whole = path(`${precision}-again.onnx`);
        await convertModel({ input: small, out: whole });
        const [a, b] = [await predict(small, expected.input), await predict(whole, expected.input)];
        assertClose(t, b.data, a.data, {
          label: `${precision} weights restored`,
          relative: 1e-5,
          absolute: 1e-5,
        });
      }
    },
  );
