import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The files that training writes. */
export interface Target {
  /** Holds `history.csv` and `history.json`. */
  readonly folder: string;
  /** Path of the model. */
  readonly model: string;
  /** The format of the model's file. */
  readonly format: 'onnx' | 'keras' | 'weights';
}

/** A folder for `model.onnx`; or a file, where the path ends in `.onnx`, `.keras`, `.h5` or `.weights.h5`. */
export async function targetOf(out: string): Promise<Target> {
  const isFolder = await stat(out).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const ending = /\.(onnx|keras|weights\.h5|h5|hdf5)$/.exec(out)?.[1];
  if (isFolder || ending === undefined)
    return { folder: out, model: join(out, 'model.onnx'), format: 'onnx' };
  const format = ending === 'onnx' ? 'onnx' : ending === 'weights.h5' ? 'weights' : 'keras';
  return { folder: dirname(out), model: out, format };
}
