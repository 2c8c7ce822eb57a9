/** Line charts of losses and accuracies, one point an epoch. */

/** A line: its values, and how it is called. */
interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

interface ChartOptions {
  /** As many points as there may be. */
  readonly epochs: number;
  /** The top of the scale. Default: the largest value. */
  readonly most?: number;
}

const width = 320;
const height = 112;
const margin = { left: 36, right: 8, top: 8, bottom: 20 };

/** Draws a chart into an `<svg>`, anew each time. The lines have the classes `line-0`, `line-1`, … */
export function drawChart(svg: SVGSVGElement, lines: readonly Line[], { epochs, most }: ChartOptions): void {
  const top = most ?? niceTop(Math.max(0, ...lines.flatMap(({ values }) => values.filter(Number.isFinite))));
  const x = (epoch: number) =>
    margin.left + ((width - margin.left - margin.right) * epoch) / Math.max(1, epochs - 1);
  const y = (value: number) =>
    margin.top + (height - margin.top - margin.bottom) * (1 - Math.min(value, top) / top);
  const ticks = [0, top / 2, top];
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...ticks.flatMap((tick) => [
      create('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }),
      create('text', { x: margin.left - 6, y: y(tick) + 3.5, 'text-anchor': 'end' }, formatTick(tick)),
    ]),
    create('text', { x: margin.left, y: height - 5 }, 'epoch 1'),
    create('text', { x: width - margin.right, y: height - 5, 'text-anchor': 'end' }, String(epochs)),
    ...lines.flatMap(({ values }, i) => {
      const points = values.map((value, epoch) => ({ x: round(x(epoch)), y: round(y(value)) }));
      const last = points.at(-1);
      return [
        create('polyline', {
          class: `line line-${i}`,
          points: points.map((point) => `${point.x},${point.y}`).join(' '),
        }),
        ...(last ? [create('circle', { class: `dot line-${i}`, cx: last.x, cy: last.y, r: 3 })] : []),
      ];
    }),
  );
  svg.setAttribute('aria-label', describe(lines));
}

/** The least of 1, 2, 5 times a power of ten that is not below `value`. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5].map((n) => n * power).find((top) => top >= value * (1 - 1e-9)) ?? 10 * power;
}

const describe = (lines: readonly Line[]): string =>
  lines
    .flatMap(({ name, values }) => {
      const [first, last] = [values[0], values.at(-1)];
      if (first === undefined || last === undefined) return [];
      return [`${name}: from ${formatTick(first)} to ${formatTick(last)} in ${values.length} epochs`];
    })
    .join('. ') || 'Nothing yet';

const formatTick = (value: number): string => String(Number(value.toPrecision(3)));
const round = (value: number): number => Math.round(value * 10) / 10;

function create(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}
