import { printable } from '../printable.js';
import type { Progress, Reporter } from '../transfer/reporter.js';
import { inFlags } from './flags.js';
import { canRedraw } from './terminal.js';

export interface ReporterOptions {
  /** Writes text. Default: to standard error. */
  readonly write?: (text: string) => void;
  /** Whether lines can be redrawn. Default: whether standard error is a terminal that can. */
  readonly terminal?: boolean;
  /** Whether text may be coloured. Default: unless `NO_COLOR` is set (https://no-color.org). */
  readonly colour?: boolean;
  /** Whether warnings alone are told. Default false. */
  readonly quiet?: boolean;
  /** The clock, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these sequences begin with one
const colours = /\x1b\[[\d;]*m/g;

/** How long until the next line, where lines cannot be redrawn. */
const interval = { terminal: 100, pipe: 5000 };

/**
 * Reports progress to a person on standard error: on a terminal a line that is redrawn, in a pipe a line every few
 * seconds.
 */
export function stderrReporter({
  write = (text) => process.stderr.write(text),
  terminal = canRedraw(),
  colour = !process.env.NO_COLOR,
  quiet = false,
  now = () => performance.now(),
}: ReporterOptions = {}): Reporter {
  let current = { step: '', began: 0, shown: Number.NEGATIVE_INFINITY, open: false, doneAtStart: 0 };
  const endLine = () => {
    if (current.open) write('\n');
    current.open = false;
  };
  return {
    info(text) {
      if (quiet) return;
      endLine();
      write(`${printable(inFlags(text))}\n`);
    },
    warn(text) {
      endLine();
      write(`warning: ${printable(inFlags(text))}\n`);
    },
    print(text) {
      if (quiet) return;
      endLine();
      write(colour ? text : text.replace(colours, ''));
    },
    progress(step, progress) {
      if (quiet) return;
      const time = now();
      if (step !== current.step || progress.done <= 1) {
        endLine();
        current = { step, began: time, shown: time, open: false, doneAtStart: progress.done - 1 };
      }
      const last = progress.done >= progress.total;
      if (!last && time - current.shown < (terminal ? interval.terminal : interval.pipe)) return;
      current.shown = time;
      const line = formatProgress(
        step,
        progress,
        (time - current.began) / 1000,
        progress.done - current.doneAtStart,
      );
      write(terminal ? `\r\x1b[K${line}` : `${line}\n`);
      current.open = terminal;
      if (last) {
        endLine();
        current.step = '';
      }
    },
  };
}

/** The reporter of a command: `--quiet` leaves warnings alone. */
export const reporterFor = (args: object): Reporter =>
  stderrReporter({ quiet: 'quiet' in args && args.quiet === true });

/** `Extracting features 120/300, 41/s, 4 s left (3 skipped)` */
export function formatProgress(
  step: string,
  { done, total, note }: Progress,
  seconds: number,
  sinceStart = done,
): string {
  const rate = seconds > 0.2 ? sinceStart / seconds : 0;
  const speed = rate > 0 ? `, ${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}/s` : '';
  const left = rate > 0 && done < total ? `, ${formatSeconds((total - done) / rate)} left` : '';
  return `${step} ${done}/${total}${speed}${left}${note ? ` (${note})` : ''}`;
}

const formatSeconds = (seconds: number): string =>
  seconds < 90
    ? `${Math.ceil(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
