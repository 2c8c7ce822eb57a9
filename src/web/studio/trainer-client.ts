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

  constructor() {
    this.ready = this.#worker.ask('open', null);
    this.ready.catch(() => {});
  }

  /** @throws StudioError `'bad picture'` */
  async look(picture: Blob): Promise<Look> {
    await this.ready;
    return this.#worker.ask('look', picture);
  }

  /** Trains a head on pictures that were looked at. @param onEvent hears how far it is */
  async train(
    classes: readonly TrainingClass[],
    settings: Settings,
    onEvent?: (event: TrainEvent) => void,
  ): Promise<Trained> {
    await this.ready;
    return this.#worker.ask('train', { classes, settings }, { onEvent });
  }

  /** Ends training after the epoch, and keeps the weights so far. */
  stop(): Promise<void> {
    return this.#worker.ask('stop', null);
  }

  /** The model that was trained last as a `.keras` file. */
  encodeKeras(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#worker.ask('encodeKeras', null);
  }
}
