import { readKerasFile } from '#platform';
import type { Scaling } from '../../graph/preprocessing.js';
import { checkHdf5 } from '../saving/hdf5.js';
import { loadWeightsFrom } from '../saving/save.js';
import type { PublishedWeights, WeightsRequest } from './build-application.js';

/** A file of weights that Keras publishes, with its MD5 or its SHA-256 in hexadecimal, as Keras publishes it. */
export type KerasFile = readonly [file: string, hash: string];

export interface ImageNetFiles {
  /** How the weights want pictures to be scaled. */
  readonly scaling: Scaling;
  /** The address of the folder. */
  readonly folder: string;
  /** With the top. */
  readonly top: KerasFile;
  /** Without. */
  readonly noTop: KerasFile;
  /** The name that a file has at its address. Default: the one that Keras keeps it under. */
  readonly remoteName?: (file: string) => string;
}

/** Where Keras keeps most of its weights. */
export const kerasFolder = 'https://storage.googleapis.com/tensorflow/keras-applications';

/** The names that most of them have. */
export const kernels = (name: string): string => `${name}_weights_tf_dim_ordering_tf_kernels`;

/** Weights that were trained on ImageNet, from Keras's cache or their address. */
export function imageNetWeights({
  scaling,
  folder,
  top,
  noTop,
  remoteName,
}: ImageNetFiles): PublishedWeights {
  const read = ({ includeTop, onProgress }: WeightsRequest) => {
    const [file, hash] = includeTop ? top : noTop;
    const url = `${folder}/${remoteName?.(file) ?? file}`;
    const published = hash.length === 64 ? { sha256: hash } : { md5: hash };
    return readKerasFile({ file, url, ...published, check: checkHdf5, onProgress });
  };
  return {
    scaling,
    async load(model, request) {
      const bytes = await read(request);
      request.onWeights?.(bytes);
      await loadWeightsFrom(model, bytes);
    },
  };
}
