/** How far a long step has come. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** A few words on what was left out or found ready: `3 skipped`. */
  readonly note?: string;
}

/** Where a command tells a person what happens; results are returned, not told. */
export interface Reporter {
  /** A sentence of its own. */
  info(text: string): void;
  warn(text: string): void;
  /** Called often; may show every call or a few. */
  progress(step: string, progress: Progress): void;
  /** Text as it is, for what formats itself, like Keras's progress bar. */
  print(text: string): void;
}

/** Says nothing. */
export const silent: Reporter = { info() {}, warn() {}, progress() {}, print() {} };
