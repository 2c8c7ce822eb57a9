/**
 * Lines of cells in columns, two blanks between.
 *
 * @param right indices of columns that end alike rather than begin alike
 */
export function textTable(
  rows: readonly (readonly string[])[],
  { right }: { right: readonly number[] },
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
