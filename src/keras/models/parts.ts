import type { Engine } from '../../engine/engine.js';
import type { Tensor } from '../../graph/tensor.js';
import { ForwardOnly } from './forward-only.js';
import type { Functional } from './functional.js';
import { splitFrozen } from './plan.js';

/** A model ready to run: its frozen beginning, which feeds the rest. */
export class Parts {
  readonly rest: Functional;
  readonly #frozen: ForwardOnly | null;
  readonly #rest: ForwardOnly;

  constructor(
    readonly engine: Engine,
    model: Functional,
  ) {
    const { frozen, rest } = splitFrozen(model);
    this.rest = rest;
    this.#frozen = frozen && new ForwardOnly(engine, frozen);
    this.#rest = new ForwardOnly(engine, [rest]);
  }

  /** What the rest reads, for these inputs of the model. */
  readonly extract = async (x: readonly Tensor<'float32'>[]): Promise<readonly Tensor<'float32'>[]> =>
    this.#frozen ? this.#frozen.run(x) : x;

  /** The model's output (N, …). */
  async predict(x: readonly Tensor<'float32'>[]): Promise<Tensor<'float32'>> {
    const [output] = await this.#rest.run(await this.extract(x));
    return output!;
  }

  async release(): Promise<void> {
    await this.#frozen?.release();
    await this.#rest.release();
  }
}
