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

/** Tells as another does, and throws the signal's reason once it is aborted: so jobs end where they would tell. */
export function stoppable(reporter: Reporter, signal: AbortSignal | undefined): Reporter {
  if (!signal) return reporter;
  const checked =
    <Arguments extends unknown[]>(tell: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      signal.throwIfAborted();
      tell(...given);
    };
  return {
    info: checked((text) => reporter.info(text)),
    warn: checked((text) => reporter.warn(text)),
    progress: checked((step, progress) => reporter.progress(step, progress)),
    print: checked((text) => reporter.print(text)),
  };
}
