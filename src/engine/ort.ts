/** What onnxruntime-node and onnxruntime-web share: their API is the same. */

import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { UserError } from '../errors.js';
import type { ValueInfo } from '../graph/graph.js';
import type { DataType, Tensor } from '../graph/tensor.js';
import type { Session } from './engine.js';
import { checkFeeds } from './feeds.js';

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

/** The first sentence that a person can use of what ONNX Runtime reports. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.trim().split('\n');
  // C++ source positions lead some messages; what failed comes last.
  return lines[0]!.replace(/^\/\S+:\d+ .* was false\. /, '').replace(/\.$/, '');
}

/** Wraps a session of ONNX Runtime. Tensors pass through without a copy. */
export function wrapSession(session: InferenceSession, OrtTensor: TensorConstructor): Session {
  const inputs = session.inputMetadata.map(valueInfo);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      checkFeeds(inputs, feeds);
      const results = await session.run(
        Object.fromEntries(inputs.map(({ name }) => [name, toOrt(feeds[name]!, OrtTensor)])),
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
