/** Charts as SVG, drawn without scripts; colours and letters come from the page's style. */

import type { ReliabilityBin } from '../../../classifier/calibration.js';
import { html, type Markup, percent, raw } from './markup.js';

/** The drawing area within an SVG of 340 × 280, so that letters keep their size on a phone. */
const box = { width: 340, height: 280, left: 54, right: 12, top: 14, bottom: 42 };
const inner = { width: box.width - box.left - box.right, height: box.height - box.top - box.bottom };

/** From 0–1 to places in the drawing. */
const atX = (share: number): string => (box.left + share * inner.width).toFixed(1);
const atY = (share: number): string => (box.top + (1 - share) * inner.height).toFixed(1);

interface Axis {
  readonly title: string;
  /** Places from 0 to 1, with their words. */
  readonly ticks: readonly (readonly [share: number, text: string])[];
}

interface Frame {
  /** The chart in a sentence, for those who cannot see it. */
  readonly label: string;
  readonly x: Axis;
  readonly y: Axis;
}

const quarters: Axis['ticks'] = [0, 0.25, 0.5, 0.75, 1].map((share) => [share, percent(share, 0)]);

function frame({ label, x, y }: Frame, inside: readonly Markup[]): Markup {
  return html`<svg class="chart" viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="${label}">
${y.ticks.map(
  ([share, text]) =>
    html`<line class="grid" x1="${atX(0)}" x2="${atX(1)}" y1="${atY(share)}" y2="${atY(share)}"/><text x="${box.left - 6}" y="${atY(share)}" dy=".32em" text-anchor="end">${text}</text>`,
)}${x.ticks.map(
  ([share, text]) =>
    html`<text x="${atX(share)}" y="${box.height - box.bottom + 16}" text-anchor="middle">${text}</text>`,
)}
<text class="axis" x="${atX(0.5)}" y="${box.height - 6}" text-anchor="middle">${x.title}</text>
<text class="axis" text-anchor="middle" transform="translate(10 ${atY(0.5)}) rotate(-90)">${y.title}</text>
${inside}</svg>`;
}

const line = (points: readonly (readonly [x: number, y: number])[], name: string): Markup =>
  html`<polyline class="${name}" points="${raw(points.map(([x, y]) => `${atX(x)},${atY(y)}`).join(' '))}"/>`;

/** How often answers are right, over how sure they are. The area of a dot is the number of its pictures. */
export function reliabilityChart(bins: readonly ReliabilityBin[]): Markup {
  const filled = bins.filter(({ count }) => count > 0);
  const most = Math.max(1, ...filled.map(({ count }) => count));
  return frame(
    {
      label: 'How often answers are right, over how sure they are; the table has the numbers',
      x: { title: 'How sure', ticks: quarters },
      y: { title: 'How often right', ticks: quarters },
    },
    [
      line(
        [
          [0, 0],
          [1, 1],
        ],
        'ideal',
      ),
      ...filled.map(
        ({ confidence, accuracy }) =>
          html`<line class="gap" x1="${atX(confidence)}" x2="${atX(confidence)}" y1="${atY(confidence)}" y2="${atY(accuracy)}"/>`,
      ),
      ...filled.map(
        ({ confidence, accuracy, count }) =>
          html`<circle class="dot" cx="${atX(confidence)}" cy="${atY(accuracy)}" r="${(3 + 7 * Math.sqrt(count / most)).toFixed(1)}"><title>${percent(confidence)} sure, ${percent(accuracy)} right: ${count}</title></circle>`,
      ),
    ],
  );
}

/** The share of strangers that are told, over the share of known pictures that are turned away. */
export function strangersChart(
  points: readonly (readonly [falseRejection: number, detection: number])[],
  chosen: readonly [falseRejection: number, detection: number],
): Markup {
  return frame(
    {
      label: `Strangers told, over known pictures turned away; the model's limit tells ${percent(chosen[1])} and turns away ${percent(chosen[0])}`,
      x: { title: 'Known pictures turned away', ticks: quarters },
      y: { title: 'Strangers told', ticks: quarters },
    },
    [
      line(
        [
          [0, 0],
          [1, 1],
        ],
        'ideal',
      ),
      line(points, 'curve'),
      html`<circle class="dot" cx="${atX(chosen[0])}" cy="${atY(chosen[1])}" r="6"/>`,
    ],
  );
}

/** How many pictures have which score, known ones and strangers, each as shares of their own. */
export function scoresChart(
  { known, strange, threshold }: { known: readonly number[]; strange: readonly number[]; threshold: number },
  title: string,
): Markup {
  const all = [...known, ...strange, threshold];
  const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const span = most - least || 1;
  const count = 24;
  const place = (score: number) => (score - least) / span;
  const shares = (scores: readonly number[]) => {
    const bars = new Array<number>(count).fill(0);
    for (const score of scores) {
      const bar = Math.min(count - 1, Math.floor(place(score) * count));
      bars[bar] = (bars[bar] ?? 0) + 1 / scores.length;
    }
    return bars;
  };
  const [ours, theirs] = [shares(known), shares(strange)];
  const highest = Math.max(...ours, ...theirs);
  const bars = (values: readonly number[], name: string) =>
    values.map((value, i) =>
      value === 0
        ? ''
        : html`<rect class="${name}" x="${atX((i + 0.08) / count)}" width="${((0.84 / count) * inner.width).toFixed(1)}" y="${atY(value / highest)}" height="${((value / highest) * inner.height).toFixed(1)}"/>`,
    );
  const ticks: Axis['ticks'] = [0, 0.5, 1].map((share) => [share, (least + share * span).toFixed(2)]);
  return frame(
    {
      label: `Scores of known pictures${strange.length > 0 ? ' and of strangers' : ''}, with the limit at ${threshold.toFixed(3)}`,
      x: { title, ticks },
      y: {
        title: 'Share of pictures',
        ticks: [0, 0.5, 1].map((share) => [share, percent(share * highest, 0)]),
      },
    },
    [
      ...bars(ours, 'known').map((bar) => html`${bar}`),
      ...bars(theirs, 'strange').map((bar) => html`${bar}`),
      html`<line class="limit" x1="${atX(place(threshold))}" x2="${atX(place(threshold))}" y1="${atY(0)}" y2="${atY(1)}"/>`,
    ],
  );
}

/** Values over epochs, of training and, dashed, of validation. */
export function epochsChart(
  title: string,
  { training, validation }: { training: readonly number[]; validation: readonly number[] },
  best: number,
): Markup {
  const values = [...training, ...validation].filter(Number.isFinite);
  const top = niceTop(values.reduce((a, b) => Math.max(a, b), 0));
  const epochs = Math.max(training.length, validation.length);
  const place = (i: number) => (epochs === 1 ? 0.5 : i / (epochs - 1));
  const points = (list: readonly number[]) =>
    list.flatMap((value, i) => (Number.isFinite(value) ? [[place(i), value / top] as const] : []));
  const marks = [...new Set([0, Math.floor((epochs - 1) / 2), epochs - 1])];
  const dots = (list: readonly number[], name: string) =>
    epochs > 40
      ? []
      : points(list).map(([x, y]) => html`<circle class="${name}" cx="${atX(x)}" cy="${atY(y)}" r="3"/>`);
  return frame(
    {
      label: `${title} over ${epochs} epochs: training ends at ${(training.at(-1) ?? Number.NaN).toFixed(4)}${validation.length > 0 ? `, validation at ${(validation.at(-1) ?? Number.NaN).toFixed(4)}` : ''}`,
      x: { title: 'Epoch', ticks: marks.map((i) => [place(i), String(i + 1)]) },
      y: {
        title,
        ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => [
          share,
          Number((share * top).toPrecision(2)).toString(),
        ]),
      },
    },
    [
      ...(best > 0 && epochs > 1
        ? [
            html`<line class="limit" x1="${atX(place(best - 1))}" x2="${atX(place(best - 1))}" y1="${atY(0)}" y2="${atY(1)}"/>`,
          ]
        : []),
      line(points(training), 'curve'),
      ...dots(training, 'dot'),
      ...(validation.length > 0
        ? [line(points(validation), 'second'), ...dots(validation, 'second-dot')]
        : []),
    ],
  );
}

/** A round number at or above the largest value. */
function niceTop(largest: number): number {
  if (!(largest > 0)) return 1;
  if (largest > 0.5 && largest <= 1) return 1;
  const unit = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 4, 5, 8, 10].map((step) => step * unit).find((step) => step >= largest) ?? largest;
}

/** A share as a thin bar. */
export const bar = (share: number, name: string): Markup =>
  html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="100" height="4"/><rect class="${name}" width="${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}" height="4"/></svg>`;
