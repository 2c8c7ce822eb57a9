import type { Engine, Session } from '../../engine/engine.js';
import { GraphBuilder } from '../../graph/builder.js';
import { inferenceContext } from '../../graph/inference.js';
import { encodeModel } from '../../graph/onnx.js';
import { joinRows, rowCount, sliceRows } from '../../graph/rows.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Functional } from './functional.js';
import { writeModel } from './plan.js';

/** Pictures that go through a frozen model at a time. */
const batchSize = 32;

/** Runs models forward, with their weights as constants, so that ONNX Runtime may fold and fuse them. */
export class ForwardOnly {
  #loaded?: { session: Promise<Session>; version: string };

  constructor(
    readonly engine: Engine,
    /** Models of the same inputs, each with an output of its own. */
    readonly models: readonly Functional[],
  ) {}

  /** Changes whenever a weight does. */
  get version(): string {
    return this.models.flatMap((model) => model.weights.map(({ version }) => version)).join();
  }

  /** The models as they are now: inputs `x_0` …, outputs `y_0` …, in ONNX. */
  encode(): Uint8Array {
    return encodeModel({ graph: this.#graph(), opset: 13 });
  }

  /** @returns each model's output for all samples */
  async run(x: readonly Tensor<'float32'>[]): Promise<Tensor<'float32'>[]> {
    const session = await this.#load();
    const count = Math.max(0, ...x.map(rowCount));
    const parts: Tensor<'float32'>[][] = this.models.map(() => []);
    for (let from = 0; from < count; from += batchSize) {
      const feeds = Object.fromEntries(
        x.map((tensor, i) => [`x_${i}`, sliceRows(tensor, from, from + batchSize)]),
      );
      const results = await session.run(feeds);
      for (const [i, list] of parts.entries()) list.push(results[`y_${i}`] as Tensor<'float32'>);
    }
    return parts.map(joinRows);
  }

  async release(): Promise<void> {
    await (await this.#loaded?.session)?.release();
    this.#loaded = undefined;
  }

  /** Loads the graph, anew when a weight has changed since. */
  async #load(): Promise<Session> {
    const { version } = this;
    if (this.#loaded?.version !== version) await this.release();
    this.#loaded ??= { session: this.engine.load(this.encode()), version };
    return this.#loaded.session;
  }

  #graph() {
    const g = new GraphBuilder('forward');
    const context = inferenceContext(g);
    const [first] = this.models;
    const inputs = (first?.inputs ?? []).map(({ shape }, i) =>
      g.input(`x_${i}`, 'float32', ['N', ...shape.slice(1).map((dim, k) => dim ?? `d${k}`)]),
    );
    for (const [i, model] of this.models.entries()) {
      const { output } = writeModel(model, context, inputs);
      const dims = model.outputTensor.shape.slice(1).map((dim, k) => dim ?? `o${k}`);
      g.output(`y_${i}`, output, 'float32', ['N', ...dims]);
    }
    return g.build();
  }
}
