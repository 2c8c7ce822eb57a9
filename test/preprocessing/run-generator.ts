import { float32, type Tensor } from '../../src/graph/tensor.js';
import {
  type DirectoryIterator,
  type FlowFromDirectoryOptions,
  type FlowOptions,
  type ImageBatch,
  ImageDataGenerator,
  type ImageDataGeneratorFitOptions,
  type ImageDataGeneratorOptions,
  type TransformParameters,
} from '../../src/keras/preprocessing/index.js';
import { globalRandom, setRandomSeed } from '../../src/keras/random/global-random.js';

/** An array as JSON: base64 of little-endian float32. */
export interface Packed {
  dims: number[];
  data: string;
}

type Plain<T> = Omit<T, 'warn' | 'print' | 'preprocessingFunction'>;

/** What to run; `test/parity/preprocessing.py` reads the same. */
export interface Request {
  globalSeed: number;
  generator: Plain<ImageDataGeneratorOptions> & { preprocessingFunction?: 'invert' };
  fit?: { x: Packed; options: ImageDataGeneratorFitOptions };
  /** Where to read pictures from; else `x` and `y` give them. */
  directory?: string;
  x?: Packed;
  y?: Packed;
  flow: Plain<FlowFromDirectoryOptions & FlowOptions>;
  /** How many batches to take by `next`. */
  batches: number;
  /** Which to take by index afterwards. */
  items?: number[];
}

/** What came of it. */
export interface Result {
  batches: Packed[][];
  drawn: TransformParameters[];
  filenames: string[];
  classIndices: Record<string, number>;
  printed: string;
  warnings: string[];
  statistics: Packed[];
  next: number;
}

export const pack = ({ dims, data }: Tensor): Packed => {
  const floats = Float32Array.from(data as Float32Array);
  return { dims: [...dims], data: Buffer.from(floats.buffer).toString('base64') };
};

export const unpack = ({ dims, data }: Packed): Tensor<'float32'> =>
  float32(new Float32Array(new Uint8Array(Buffer.from(data, 'base64')).buffer), dims);

/** Records what is drawn. */
class Recorder extends ImageDataGenerator {
  readonly drawn: TransformParameters[] = [];

  override getRandomTransform(shape: readonly number[], seed?: number | null): TransformParameters {
    const parameters = super.getRandomTransform(shape, seed);
    this.drawn.push(parameters);
    return parameters;
  }
}

const invert = (x: Tensor<'float32'>) =>
  float32(
    x.data.map((value) => 255 - value),
    x.dims,
  );

/** Runs this project's generator as `request` says. */
export async function runGenerator(request: Request): Promise<Result> {
  const warnings: string[] = [];
  let printed = '';
  const { preprocessingFunction, ...options } = request.generator;
  const generator = new Recorder({
    ...options,
    preprocessingFunction: preprocessingFunction ? invert : null,
    warn: (message) => warnings.push(message),
  });
  setRandomSeed(request.globalSeed);
  if (request.fit) generator.fit(unpack(request.fit.x), request.fit.options);
  const flow = request.directory
    ? generator.flowFromDirectory(request.directory, {
        ...request.flow,
        print: (text) => {
          printed += text;
        },
      })
    : generator.flow(unpack(request.x!), request.y ? unpack(request.y) : null, request.flow);
  const batches: ImageBatch[] = [];
  for (let i = 0; i < request.batches; i++) batches.push((await flow.next()).value);
  for (const index of request.items ?? []) batches.push(await flow.get(index));
  const { filenames = [], classIndices = {} } = flow as Partial<DirectoryIterator>;
  const statistics = [generator.mean, generator.std, generator.zcaWhiteningMatrix];
  return {
    batches: batches.map((batch) => batch.map((array) => pack(array!))),
    drawn: generator.drawn,
    filenames: [...filenames],
    classIndices: { ...classIndices },
    printed,
    warnings,
    statistics: statistics.filter((value) => value !== null).map(pack),
    next: globalRandom().random(),
  };
}
