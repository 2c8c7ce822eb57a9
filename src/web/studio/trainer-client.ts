import type { StrangerRule } from '../../classifier/strangers.js';
import { UserError } from '../../errors.js';
import { Caller } from '../rpc.js';
import type {
  Look,
  Settings,
  StudioCalls,
  StudioFault,
  TrainEvent,
  Trained,
  TrainingClass,
} from './studio-protocol.js';

/** An error that says whose fault it is. */
export class StudioError extends UserError {
  override name = 'StudioError';
  constructor(
    readonly fault: StudioFault,
    message: string,
  ) {
    super(message);
  }
}

/** The studio's worker, seen from the page. */
export class Trainer {
  /** Resolves once pictures can be looked at. Rejects with a StudioError. */
  readonly ready: Promise<void>;
  readonly #worker = new Caller<StudioCalls>(
    new Worker(new URL('./studio-worker.js', import.meta.url), { type: 'module' }),
    {
      toError: ({ fault, message }) => new StudioError(fault as StudioFault, message),
      toCrash: (reason) =>
        new StudioError('no runtime', `The worker stopped: ${reason || 'its script is missing'}.`),
    },
  );

  #runs = 0;

  constructor() {
    this.ready = this.#worker.ask('open', null);
    this.ready.catch(() => {});
  }

  /** @throws StudioError `'bad picture'` */
  async look(picture: Blob): Promise<Look> {
    await this.ready;
    return this.#worker.ask('look', picture);
  }

  /** Forgets all pictures but these. @returns those of them that must be looked at first */
  async keepOnly(contents: readonly string[]): Promise<readonly string[]> {
    await this.ready;
    return this.#worker.ask('keepOnly', contents);
  }

  /**
   * Trains a head on pictures that were looked at.
   *
   * @param onEvent hears how far it is
   * @param signal ends it: at once while there is no model, after the epoch while there is
   * @returns `null` when it was stopped before there was a model
   */
  async train(
    classes: readonly TrainingClass[],
    settings: Settings,
    { onEvent, signal }: { onEvent?: (event: TrainEvent) => void; signal: AbortSignal },
  ): Promise<Trained | null> {
    await this.ready;
    if (signal.aborted) return null;
    const run = this.#runs++;
    const stop = () => void this.#worker.ask('stop', run);
    signal.addEventListener('abort', stop);
    try {
      return await this.#worker.ask('train', { classes, settings, run }, { onEvent });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** The model with another rule for what counts as known. */
  async changeRule(file: Blob, rule: StrangerRule): Promise<Uint8Array<ArrayBuffer>> {
    await this.ready;
    return this.#worker.ask('changeRule', { file, rule });
  }

  /** A head that was trained, with the backbone, as a `.keras` file. */
  async encodeKeras({
    head,
    backbone,
  }: Pick<Trained, 'head' | 'backbone'>): Promise<Uint8Array<ArrayBuffer>> {
    await this.ready;
    return this.#worker.ask('encodeKeras', { head, backbone });
  }
}
