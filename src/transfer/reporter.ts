/** How far a long step has come. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** A few words on items that were left out, or found ready: `3 skipped`. */
  readonly note?: string;
}

/** Tells a person how a job goes. Results are returned, not told. */
export interface Reporter {
  /** A sentence of its own. */
  info(text: string): void;
  warn(text: string): void;
  /** Called often; may show every call or a few. */
  progress(step: string, progress: Progress): void;
  /** Text as it is, for output that formats itself, like Keras's progress bar. */
  print(text: string): void;
}

/** Says nothing. */
export const silent: Reporter = { info() {}, warn() {}, progress() {}, print() {} };
