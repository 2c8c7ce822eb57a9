/**
 * Tables of text, laid out as Python's `rich` lays them out, which Keras prints summaries with: the first line bold
 * boxed, every row under a rule, columns of fixed widths.
 */

export interface Column {
  readonly header: string;
  readonly align: 'left' | 'right' | 'center';
  /** Of the text, without a space to either side. */
  readonly width: number;
}

/** The table's lines, `width` characters long unless the columns need fewer. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = shrink(
    columns.map((column) => column.width + 2),
    width - columns.length - 1,
  );
  const rule = (left: string, line: string, cross: string, right: string) =>
    left + widths.map((length) => line.repeat(length)).join(cross) + right;
  const format = (cells: readonly string[], bar: string, atBottom = false): string[] => {
    const blocks = columns.map((column, i) => {
      const inner = (widths[i] ?? 2) - 2;
      return { lines: align(wrap(cells[i] ?? '', inner), column.align, inner), empty: ' '.repeat(inner) };
    });
    const height = Math.max(...blocks.map(({ lines }) => lines.length));
    return Array.from({ length: height }, (_, y) => {
      const texts = blocks.map(({ lines, empty }) => {
        const line = lines[atBottom ? y - (height - lines.length) : y];
        return ` ${line ?? empty} `;
      });
      return bar + texts.join(bar) + bar;
    });
  };

  const lines = [
    rule('┏', '━', '┳', '┓'),
    ...format(
      columns.map(({ header }) => header),
      '┃',
      true,
    ),
    rule('┡', '━', '╇', '┩'),
  ];
  for (const [i, row] of rows.entries()) {
    if (i > 0) lines.push(rule('├', '─', '┼', '┤'));
    lines.push(...format(row, '│'));
  }
  lines.push(rule('└', '─', '┴', '┘'));
  return lines;
}

/**
 * Breaks text into lines at its spaces. A word that is too long is left for `align` to cut, or folded into several
 * lines.
 */
export function wrap(text: string, width: number, fold = false): string[] {
  const breaks: number[] = [];
  let used = 0;
  for (const { 0: word, index } of text.matchAll(/\s*\S+\s*/g)) {
    const { length } = word.trimEnd();
    if (length <= width - used) {
      used += word.length;
    } else if (length > width) {
      if (index > 0) breaks.push(index);
      if (!fold) used = word.length;
      else {
        for (let i = width; i < word.length; i += width) breaks.push(index + i);
        used = word.length % width || width;
      }
    } else if (used > 0 && index > 0) {
      breaks.push(index);
      used = word.length;
    }
  }
  const starts = [0, ...breaks];
  return starts.map((start, i) => withoutSpacesBeyond(text.slice(start, starts[i + 1]), width));
}

/** Spaces at the end of a line may go over the edge; they are dropped as far as they do. */
function withoutSpacesBeyond(line: string, width: number): string {
  const spaces = line.length - line.trimEnd().length;
  return line.slice(0, line.length - Math.min(spaces, Math.max(0, line.length - width)));
}

function align(lines: readonly string[], side: Column['align'], width: number): string[] {
  return lines.map((line) => {
    if (side === 'left') return cut(line, width).padEnd(width);
    const text = cut(line.trimEnd(), width);
    if (side === 'right') return text.padStart(width);
    return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
  });
}

const cut = (line: string, width: number): string =>
  line.length > width ? `${line.slice(0, width - 1)}…` : line;

/** Narrows the columns evenly until they fit. */
function shrink(widths: readonly number[], available: number): number[] {
  let excess = Math.max(0, widths.reduce((sum, width) => sum + width, 0) - available);
  let left = widths.length;
  return widths.map((width) => {
    const share = Math.min(width, roundHalfToEven(excess / left));
    excess -= share;
    left -= 1;
    return width - share;
  });
}

const roundHalfToEven = (value: number): number => {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
};
