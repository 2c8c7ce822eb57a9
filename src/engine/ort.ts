/** Code for onnxruntime-node and onnxruntime-web alike: their API is the same. */

import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { UserError } from '../errors.js';
import type { ValueInfo } from '../graph/graph.js';
import type { DataType, Tensor } from '../graph/tensor.js';
import type { Session } from './engine.js';
import { feedsInOrder } from './feeds.js';

/** A provider that was asked for, and whether it can run graphs here. */
export interface Attempt {
  readonly provider: string;
  readonly ok: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** A provider that was asked for by name and that cannot run here. */
export class ProviderError extends UserError {
  override name = 'ProviderError';
  constructor(
    readonly provider: string,
    readonly reason: string,
    hint: string,
    options?: ErrorOptions,
  ) {
    super(`Expected ONNX Runtime to run on '${provider}'. Received: ${reason}. Hint: ${hint}.`, options);
  }
}

/** The first useful sentence of an error of ONNX Runtime. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ''] = message.trim().split('\n');
  // Some messages begin with a position in C++ source.
  return line.replace(/^\/\S+:\d+ .* was false\. /, '').replace(/\.$/, '');
}

/** Wraps a session of ONNX Runtime. Tensors pass through without a copy. */
export function wrapSession(session: InferenceSession, OrtTensor: TensorConstructor): Session {
  const inputs = session.inputMetadata.map(valueInfo);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      feedsInOrder(inputs, feeds);
      const results = await session.run(
        Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor, OrtTensor)])),
      );
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor as OrtTensor)]),
      );
    },
    release: () => session.release(),
  };
}

function valueInfo(metadata: InferenceSession.ValueMetadata): ValueInfo {
  if (!metadata.isTensor) throw new Error(`Expected a tensor. Received: '${metadata.name}' of another kind.`);
  return { name: metadata.name, type: metadata.type as DataType, dims: metadata.shape };
}

const toOrt = ({ type, data, dims }: Tensor, OrtTensor: TensorConstructor): OrtTensor =>
  new (
    OrtTensor as unknown as new (
      type: DataType,
      data: Tensor['data'],
      dims: readonly number[],
    ) => OrtTensor
  )(type, data, dims);

function fromOrt({ type, data, dims }: OrtTensor): Tensor {
  const values = data as Tensor['data'];
  // Where JavaScript has Float16Array, ONNX Runtime returns one; a Tensor holds the bits.
  const bits =
    type === 'float16' && !(values instanceof Uint16Array)
      ? new Uint16Array(values.buffer, values.byteOffset, values.length)
      : values;
  return { type: type as DataType, dims, data: bits } as Tensor;
}
