import { readKerasFile } from '#platform';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../graph/tensor.js';
import { named, refuseOthers } from '../../named-options.js';

/** A class with its score: ImageNet's name for it (`n02123045`), a person's (`tabby`), and how likely it is. */
export type DecodedPrediction = [className: string, classDescription: string, score: number];

export interface DecodePredictionsOptions {
  /** How many classes to return. Default 5. */
  readonly top?: number;
  /** The names of the classes, for a model of other classes than ImageNet's. Default: ImageNet's 1000. */
  readonly classNames?: readonly string[];
}

/** The file that Keras keeps the names in; it is kept where Keras keeps it. */
const file = 'imagenet_class_index.json';
const url = `https://storage.googleapis.com/download.tensorflow.org/data/${file}`;
/** As Keras publishes it. */
const md5 = 'c2c37ea517e94d9795004a39431a14cb';
const imageNetClasses = 1000;

/**
 * The likeliest classes of each picture, the likeliest first.
 *
 * @param predictions probabilities (N, 1000), or (N, C) with `classNames`
 * @throws ValueError for another shape, in Keras's words; DownloadError where ImageNet's names cannot be had
 * Source: keras.applications.imagenet_utils.decode_predictions.
 */
export async function decodePredictions(
  predictions: Pick<Tensor, 'data' | 'dims'>,
  options: DecodePredictionsOptions = {},
): Promise<DecodedPrediction[][]> {
  const { top = 5, classNames, ...others } = named(options, 'decodePredictions');
  refuseOthers(others, 'decodePredictions', (probe) => decodePredictions(predictions, probe));
  const { data, dims } = predictions;
  const [samples = 0, classes = 0] = dims;
  if (dims.length !== 2 || classes !== (classNames?.length ?? imageNetClasses))
    throw new ValueError(
      `\`decode_predictions\` expects a batch of predictions (i.e. a 2D array of shape (samples, ${classNames?.length ?? imageNetClasses})). Received array with shape: (${dims.join(', ')}${dims.length === 1 ? ',' : ''})`,
    );
  const index = classNames?.map((name) => [name, name] as const) ?? (await readClassIndex());
  return Array.from({ length: samples }, (_, n) =>
    index
      .map(
        ([className, description], c): DecodedPrediction => [
          className,
          description,
          Number(data[n * classes + c]),
        ],
      )
      // NumPy's `argsort` backwards: of equals the last comes first.
      .reverse()
      .sort(([, , a], [, , b]) => b - a)
      .slice(0, top),
  );
}

/** ImageNet's classes in order: its own name, and a person's. */
async function readClassIndex(): Promise<(readonly [string, string])[]> {
  const bytes = await readKerasFile({ file, url, md5, check: parseClassIndex });
  return parseClassIndex(bytes);
}

/** @throws ValueError where the file is not whole */
function parseClassIndex(bytes: Uint8Array): (readonly [string, string])[] {
  try {
    const index = JSON.parse(new TextDecoder().decode(bytes));
    return Array.from({ length: imageNetClasses }, (_, c) => {
      const [className, description] = index[c];
      return [String(className), String(description)] as const;
    });
  } catch (cause) {
    throw Object.assign(
      new ValueError(`Expected the names of ImageNet's 1000 classes in ${file}. Received: another file.`),
      { cause },
    );
  }
}
