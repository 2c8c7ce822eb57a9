/** One line of the table. */
export interface Row {
  readonly name: string;
  /** What was measured, in short: `8.8 ms`. */
  readonly ours: string;
  /** The same of what it is compared with; empty where a number stands for itself. */
  readonly other: string;
  /** What it comes to: `9.8×`. */
  readonly result: string;
  /** What it should come to, if anything: `≥ 8×`. */
  readonly target?: string;
  readonly reached?: boolean;
}

/** A group of rows with what they compare. */
export interface Section {
  readonly title: string;
  /** What exactly is compared, for those who doubt it. */
  readonly about: string;
  readonly rows: readonly Row[];
}

export interface BenchOptions {
  /** Runs each row with as little as possible, to see that it runs: the numbers mean nothing. */
  readonly quick: boolean;
  /** Folder with one sub-folder of pictures per class, for the features rows. */
  readonly photos: string;
  /** The drawn characters, with `train` and `test`. */
  readonly characters: string;
  /** Path of a Python with Keras and Pillow, where there is one. */
  readonly python?: string;
  /** A folder to write in, removed at the end. */
  readonly room: string;
}

/** A row that compares two times: how many times faster ours is. */
export function speedRow(
  name: string,
  {
    ours,
    other,
    unit,
    ratio,
    least,
  }: { ours: number; other: number; unit: string; ratio: number; least?: number },
): Row {
  return {
    name,
    ours: `${short(ours)} ${unit}`,
    other: `${short(other)} ${unit}`,
    result: `${short(ratio)}×`,
    ...(least === undefined ? {} : { target: `≥ ${least}×`, reached: ratio >= least }),
  };
}

/** Three figures that count. */
export const short = (value: number): string =>
  value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 0.1
        ? value.toFixed(2)
        : value.toPrecision(2);

/** The section as text: a table, then what it compares. */
export function formatSection({ title, about, rows }: Section): string {
  const cells = rows.map(({ name, ours, other, result, target, reached }) => [
    name,
    ours,
    other,
    result,
    target === undefined ? '' : `${target} ${reached ? 'reached' : 'MISSED'}`,
  ]);
  const table = [['', 'ours', 'other', 'result', 'target'], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('   ')
      .trimEnd(),
  );
  return `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n${wrap(about)}\n`;
}

const wrap = (text: string, width = 108): string => {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `  ${line}`).join('\n');
};
