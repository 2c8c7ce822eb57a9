import { stat } from 'node:fs/promises';
import type { Argv } from 'yargs';
import { cacheFolder } from '#platform';
import { UserError } from '../errors.js';
import { type ScalingName, scalings } from '../graph/preprocessing.js';
import { defaultMaxPixels } from '../images/limits.js';
import { mobileNetSizes } from '../keras/applications/mobilenet.js';
import { mobileNetV2Sizes } from '../keras/applications/mobilenet-v2.js';
import { applicationNamed } from '../keras/applications/registry.js';
import { isOnnx } from '../transfer/is-onnx.js';
import { UsageError } from './main.js';

/** Options of every command that runs a model. */
export const engineOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option('engine', {
      requiresArg: true,
      choices: ['ort', 'js'] as const,
      default: 'ort' as const,
      describe: 'ONNX Runtime, or plain TypeScript (slow, runs anywhere)',
    })
    .option('provider', {
      requiresArg: true,
      choices: ['auto', 'cpu', 'cuda', 'webgpu'] as const,
      default: 'auto' as const,
      describe: "ONNX Runtime's execution provider",
    })
    .group(['engine', 'provider'], 'Machine:');

/** Options of every command that reads pictures. */
export const pictureOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option('max-pixels', {
      requiresArg: true,
      type: 'number',
      default: defaultMaxPixels,
      describe: 'Refuse pictures with more pixels',
    })
    .option('strict', { type: 'boolean', default: false, describe: 'Stop at a picture that cannot be used' })
    .group(['max-pixels', 'strict'], 'Pictures:')
    .check((args) => checkWhole('max-pixels', args['max-pixels'], 1));

/** Options of every command that computes features. */
export const featureOptions = <T>(yargs: Argv<T>) =>
  pictureOptions(engineOptions(yargs))
    .option('weights', {
      requiresArg: true,
      type: 'string',
      default: 'vggface2',
      describe:
        "'vggface2' for faces, 'imagenet' for the rest, 'imagenet-v2' (MobileNetV2), another of Keras's networks ('resnet50', 'efficientnetb0', …), a Keras .h5 file, or any .onnx model; 'list': all of them, with what they cost",
    })
    .option('alpha', {
      requiresArg: true,
      type: 'number',
      choices: [0.25, 0.35, 0.5, 0.75, 1, 1.3, 1.4],
      describe:
        "MobileNet's width: 0.25, 0.5, 0.75, 1; MobileNetV2's: 0.35, 0.5, 0.75, 1, 1.3, 1.4 [default: 1]",
    })
    .option('size', {
      requiresArg: true,
      type: 'number',
      describe:
        'Height and width that pictures are resized to: 128, 160, 192 or 224, for MobileNetV2 also 96; other networks take any [default: as the weights were trained, mostly 224]',
    })
    .option('input-scaling', {
      requiresArg: true,
      choices: Object.keys(scalings) as ScalingName[],
      describe: "With .onnx weights: how they want levels, in the words of Keras's preprocess_input",
    })
    .option('input-layout', {
      requiresArg: true,
      choices: ['nchw', 'nhwc'] as const,
      describe: 'With .onnx weights: whether channels come first, where the file leaves it open',
    })
    .option('output-name', {
      requiresArg: true,
      type: 'string',
      describe: 'With .onnx weights: the value that the features are, where there are several',
    })
    .option('crop', {
      requiresArg: true,
      choices: ['auto', 'face', 'center', 'none'] as const,
      default: 'auto' as const,
      describe: "What to cut out of each picture; auto: 'face' with vggface2, else 'none'",
    })
    .option('no-face', {
      requiresArg: true,
      choices: ['whole', 'skip'] as const,
      default: 'whole' as const,
      describe: 'Take pictures without a face whole, or skip them',
    })
    .option('seed', {
      requiresArg: true,
      type: 'number',
      default: 0,
      describe: 'The same seed gives the same result',
    })
    .option('cache', {
      requiresArg: true,
      type: 'string',
      default: cacheFolder(),
      defaultDescription: '~/.cache/ort-transfer',
      describe: 'Folder that keeps features from run to run',
    })
    .group(['crop', 'no-face'], 'Pictures:')
    .group(['weights', 'alpha', 'size', 'input-scaling', 'input-layout', 'output-name'], 'Network:')
    .check(({ weights, size }) => {
      const published = weights === 'imagenet-v2' ? mobileNetV2Sizes : [...mobileNetSizes].sort();
      const isFree = isOnnx(weights) || weights.endsWith('.h5') || applicationNamed(weights) !== undefined;
      const sizes = isFree ? null : published;
      if (size === undefined) return true;
      if (sizes ? sizes.includes(size) : Number.isInteger(size) && size > 0) return true;
      throw new UsageError(
        `Expected --size ${sizes ? `of ${sizes.join(', ')} with these weights` : 'to be a whole number from 1'}. Received: ${size}.`,
      );
    })
    .check(({ seed }) => checkWhole('seed', seed, 0, 2 ** 32 - 1));

/** @throws UsageError when an option is no whole number, or out of its range */
export function checkWhole(
  name: string,
  value: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): true {
  if (Number.isInteger(value) && value >= least && value <= most) return true;
  const range = Number.isFinite(most) ? `${least} to ${most}` : `${least}`;
  throw new UsageError(`Expected --${name} to be a whole number from ${range}. Received: ${value}.`);
}

/** The arguments that a command's builder declares. */
export type ArgumentsOf<Builder extends (yargs: Argv<object>) => unknown> =
  ReturnType<Builder> extends Argv<infer Arguments> ? Arguments : never;

/** @throws UsageError unless the option was not given, or is a share from 0 to below 1 */
export function checkShare(option: string, value: number | undefined): true {
  if (value === undefined || (value >= 0 && value < 1)) return true;
  throw new UsageError(`Expected --${option} from 0 to below 1. Received: ${value}.`);
}

/**
 * @throws UserError that tells how to make a model, where there is none
 */
export async function requireModel(path: string): Promise<void> {
  const { code } = await stat(path).then(
    () => ({ code: undefined }),
    (error: NodeJS.ErrnoException) => error,
  );
  if (code === 'ENOENT')
    throw new UserError(
      `Expected a trained model. Received: ${path}, which does not exist. Hint: make one with 'ort-transfer train photos', or name another with --model.`,
    );
}
