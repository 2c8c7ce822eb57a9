/** The training pictures that a picture is compared with: a file beside the model, where the user asked for it. */
import { dirname, relative, resolve, sep } from 'node:path';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { readFile } from '#platform';
import type { LabelledPicture } from '../../classifier/dataset.js';
import type { BackboneInfo, ModelMetadata } from '../../classifier/metadata.js';
import { UserError } from '../../errors.js';
import { halfToNumber, numberToHalf } from '../../graph/half.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { unitRow } from '../../graph/rows.js';
import { decodeNpy, encodeNpy } from '../features/npy.js';

/** A training picture that is like the one that was asked about. */
export interface Neighbour {
  /** Where the picture was when the model was trained. */
  readonly path: string;
  /** Its class. */
  readonly label: string;
  /** The cosine of both embeddings, from −1 to 1. */
  readonly similarity: number;
}

/** A file of neighbours that is missing, damaged, or of another model. */
export class NeighboursError extends UserError {
  override name = 'NeighboursError';
}

/** The file of neighbours of a model: `onnx/model.neighbours.npz` of `onnx/model.onnx`. */
export const neighboursPath = (model: string): string => `${model.replace(/\.onnx$/i, '')}.neighbours.npz`;

/** Embeddings come from a backbone, of pictures that were prepared for it: neighbours are of the same. */
interface Origin {
  readonly backbone?: BackboneInfo;
  readonly preprocessing: Preprocessing;
}

/** The content of `pictures.json`. */
interface Listed {
  readonly origin: string;
  readonly pictures: readonly { readonly path: string; readonly label: string }[];
}

const originOf = ({ backbone, preprocessing }: Origin): string =>
  JSON.stringify([backbone?.name, backbone?.sha256, backbone?.weights, backbone?.output, preprocessing]);

export interface EncodeNeighboursOptions extends Origin {
  /** Embeddings of pictures; the first view counts. */
  readonly pictures: readonly LabelledPicture[];
  readonly classes: readonly string[];
  /** Path of the file; the pictures' paths are kept relative to its folder. */
  readonly path: string;
}

/**
 * Writes the neighbours of a model as a `.npz` file: `embeddings` (N, D), float16 and of length 1, and `pictures.json`
 * with path and label of each. It holds personal data where the pictures show people.
 */
export function encodeNeighbours({
  pictures,
  classes,
  path,
  ...origin
}: EncodeNeighboursOptions): Uint8Array {
  const width = pictures[0]?.views[0]?.length ?? 0;
  const data = new Uint16Array(pictures.length * width);
  for (const [i, { views }] of pictures.entries())
    if (views[0]) data.set(Array.from(unitRow(views[0]), numberToHalf), i * width);
  const folder = dirname(resolve(path));
  const listed: Listed = {
    origin: originOf(origin),
    pictures: pictures.map((picture) => ({
      path: relative(folder, resolve(picture.path)).split(sep).join('/'),
      label: classes[picture.label] ?? '',
    })),
  };
  const files = {
    'embeddings.npy': encodeNpy({ type: 'float16', dims: [pictures.length, width], data }),
    'pictures.json': strToU8(JSON.stringify(listed)),
  };
  return zipSync(files, { level: 1, mtime: '1980-01-01T12:00:00' });
}

/** The training pictures of a model, to find those that are most like a picture. */
export class Neighbours {
  readonly #rows: Float32Array;
  readonly #width: number;
  readonly #pictures: Listed['pictures'];
  readonly #folder: string;

  private constructor(rows: Float32Array, width: number, pictures: Listed['pictures'], folder: string) {
    this.#rows = rows;
    this.#width = width;
    this.#pictures = pictures;
    this.#folder = folder;
  }

  /**
   * Reads the neighbours of a model.
   *
   * @param model the path of its file
   * @throws NeighboursError where there are none, or they are damaged or of another model
   */
  static async load(model: string, metadata: ModelMetadata): Promise<Neighbours> {
    const path = neighboursPath(model);
    const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
      throw new NeighboursError(
        `Expected ${path}, the training pictures to compare with. Received: no such file, as training writes it only where it is asked to. Hint: 'ort-transfer train --train DIR --neighbours' with the other options as they were; the file holds personal data where the pictures show people.`,
        { cause },
      );
    });
    const { embeddings, listed } = read(bytes, path);
    const [count = 0, width = 0] = embeddings.dims;
    if (listed.origin !== originOf(metadata))
      throw new NeighboursError(
        `Expected ${path} to be of ${model}. Received: one of another backbone or preprocessing. Hint: train again with --neighbours.`,
      );
    if (count !== listed.pictures.length || embeddings.dims.length !== 2)
      throw new NeighboursError(
        `Expected an embedding for each of ${listed.pictures.length} pictures. Received: ${embeddings.dims.join(' × ')} in ${path}.`,
      );
    const halves = embeddings.data as Uint16Array;
    return new Neighbours(Float32Array.from(halves, halfToNumber), width, listed.pictures, dirname(path));
  }

  /** The `count` pictures whose embeddings are most like one, (D), the most alike first. */
  nearest(embedding: Float32Array, count = 3): Neighbour[] {
    if (embedding.length !== this.#width)
      throw new NeighboursError(
        `Expected an embedding of ${this.#width} features. Received: ${embedding.length}.`,
      );
    const unit = unitRow(embedding);
    const found = this.#pictures.map(({ path, label }, i) => {
      let similarity = 0;
      for (let d = 0; d < this.#width; d++) similarity += unit[d]! * this.#rows[i * this.#width + d]!;
      return { path, label, similarity };
    });
    return found
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, count)
      .map(({ path, ...rest }) => ({ path: this.#pathOf(path), ...rest }));
  }

  /** A path as seen from the working directory. */
  #pathOf(path: string): string {
    const here = relative('', resolve(this.#folder, path));
    return here === '' ? path : here;
  }
}

/** @throws NeighboursError when the file is damaged */
function read(bytes: Uint8Array, path: string): { embeddings: ReturnType<typeof decodeNpy>; listed: Listed } {
  try {
    const files = unzipSync(bytes);
    const [npy, json] = [files['embeddings.npy'], files['pictures.json']];
    if (!npy || !json) throw new Error('a part is missing');
    const embeddings = decodeNpy(npy);
    const listed: unknown = JSON.parse(strFromU8(json));
    if (embeddings.type !== 'float16' || !isListed(listed)) throw new Error('a part is of another kind');
    return { embeddings, listed };
  } catch (cause) {
    throw new NeighboursError(
      `Expected neighbours as training writes them. Received: ${path}, which is damaged: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

const isListed = (value: unknown): value is Listed => {
  const { origin, pictures } = (value ?? {}) as Partial<Listed>;
  return (
    typeof origin === 'string' &&
    Array.isArray(pictures) &&
    pictures.every(({ path, label }) => typeof path === 'string' && typeof label === 'string')
  );
};
