import { ValueError } from '../../errors.js';
import { PythonRandom } from './python-random.js';
import { RandomState } from './random-state.js';

let stream: RandomState | undefined;
let pythonStream: PythonRandom | undefined;
let tensorStream: RandomState | undefined;

/** The process-wide stream that Keras's own code draws from: Python's `numpy.random`. */
export function globalRandom(): RandomState {
  stream ??= new RandomState();
  return stream;
}

/** The process-wide stream of Python's own module `random`, from which Keras draws the order of a data set's batches. */
export function globalPythonRandom(): PythonRandom {
  pythonStream ??= new PythonRandom(new RandomState().randint(2 ** 32));
  return pythonStream;
}

/**
 * The process-wide stream in the place of TensorFlow's generator: for initial weights, the order of arrays, and noise.
 *
 * It is apart from the others so that these go on as Python's do.
 */
export function globalTensorRandom(): RandomState {
  tensorStream ??= new RandomState();
  return tensorStream;
}

/**
 * Seeds the process-wide streams, so that later draws can be repeated: `keras.utils.set_random_seed`.
 *
 * @throws ValueError when `seed` is not an integer from 0 to 2³² − 1
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isInteger(seed))
    throw new ValueError(`Expected \`seed\` argument to be an integer. Received: seed=${seed}`);
  globalRandom().seed(seed);
  globalPythonRandom().seed(seed);
  globalTensorRandom().seed(seed);
}
