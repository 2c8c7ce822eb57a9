/** The table of mix-ups: a row for each class, a column for each class that it was taken for. */

import type { Evaluation } from '../../../classifier/metrics.js';
import { wilsonInterval } from '../../../classifier/wilson.js';
import { bar } from './charts.js';
import { count, html, type Markup, percent, range, raw } from './markup.js';

/** A table of more rows and columns than this helps nobody, and makes pages slow. */
const mostClasses = 40;
/** Of more classes than this, those without an error have no place in the table. */
const mostRight = 12;
const mostPairs = 10;

/** Depths of colour. */
const depths = 5;

type Counted = Pick<Evaluation, 'classes' | 'confusion'>;

/** The table, whose numbers open their pictures, and the mix-ups that are most frequent, in words. */
export function confusionTable({ classes, confusion }: Counted): Markup {
  const shown = chooseClasses({ classes, confusion });
  const at = (row: number, column: number) => confusion[row]?.[column] ?? 0;
  const label = (i: number) => classes[i]?.label ?? '';
  const left = classes.length - shown.length;
  if (shown.length === 0) return mixUps({ classes, confusion });
  return html`<div${shown.length <= mostRight && raw(' class="mixed"')}><div class="scroll" tabindex="0" role="region" aria-label="Table of mix-ups">
<table class="matrix"><caption>Rows: the true class. Columns: the class it was taken for. Choose a number to see its pictures.${left > 0 && ` Of ${classes.length} classes, the ${shown.length} with the most errors are shown.`}</caption>
<thead><tr><td></td>${shown.map((i) => html`<th scope="col"><span>${label(i)}</span></th>`)}</tr></thead>
<tbody>${shown.map((row) => {
    const support = classes[row]?.support ?? 0;
    return html`<tr><th scope="row"><span>${label(row)}</span></th>${shown.map((column) => cell(at(row, column), support, row, column, label))}</tr>
`;
  })}</tbody></table></div>
<div>${mixUps({ classes, confusion })}</div></div>`;
}

function cell(
  number: number,
  support: number,
  row: number,
  column: number,
  label: (i: number) => string,
): Markup {
  if (number === 0) return html`<td class="none">·</td>`;
  // A few errors of many pictures shall show, too.
  const share = row === column ? number / support : Math.sqrt(number / support);
  const depth = Math.max(1, Math.ceil(depths * share));
  const words =
    row === column
      ? `${label(row)} recognised: ${number}`
      : `${label(row)} taken for ${label(column)}: ${number}`;
  return html`<td class="${row === column ? 'hit' : 'miss'}${depth}"><button type="button" data-given="${row}" data-taken="${column}" aria-label="${words}">${number}</button></td>`;
}

/** All where they are few, else those with the most errors, in their order. */
function chooseClasses({ classes, confusion }: Counted): number[] {
  const errors = classes.map(
    (_, i) =>
      confusion.reduce((sum, row, given) => (given === i ? sum : sum + (row[i] ?? 0)), 0) +
      (confusion[i] ?? []).reduce((sum, number, taken) => (taken === i ? sum : sum + number), 0),
  );
  return [...classes.keys()]
    .filter((i) => classes.length <= mostRight || (errors[i] ?? 0) > 0)
    .sort((a, b) => (errors[b] ?? 0) - (errors[a] ?? 0) || a - b)
    .slice(0, mostClasses)
    .sort((a, b) => a - b);
}

function mixUps({ classes, confusion }: Counted): Markup {
  const pairs = confusion
    .flatMap((row, given) => row.map((number, taken) => ({ given, taken, number })))
    .filter(({ given, taken, number }) => given !== taken && number > 0)
    .sort((a, b) => b.number - a.number);
  if (pairs.length === 0) return html`<p>No class was taken for another.</p>`;
  const label = (i: number) => classes[i]?.label ?? '';
  return html`<h3>Most frequent</h3>
<ol class="pairs">${pairs
    .slice(0, mostPairs)
    .map(
      ({ given, taken, number }) =>
        html`<li><button type="button" class="link" data-given="${given}" data-taken="${taken}"><b>${label(given)}</b> taken for <b>${label(taken)}</b></button> <span class="number">${number} of ${classes[given]?.support ?? 0}</span></li>`,
    )}</ol>${pairs.length > mostPairs && html`<p class="note">And ${count(pairs.length - mostPairs, 'other pair')}.</p>`}`;
}

/** A row for each class, whose number of pictures opens these. */
export function classTable({ classes }: Counted, counts: readonly number[] | null): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of classes">
<table class="classes"><caption>Precision: of the pictures taken for the class, the share that are of it. Recall: of its pictures, the share that was recognised, with the interval in which the true share lies with 95%. F1: their harmonic mean.</caption>
<thead><tr><th scope="col">Class</th><th scope="col">Pictures</th><th scope="col">Recall</th><th scope="col">Precision</th><th scope="col">F1</th>${counts && html`<th scope="col">In training</th>`}</tr></thead>
<tbody>${classes.map(({ label, support, precision, recall, f1 }, i) => {
    const [low, high] = wilsonInterval(Math.round(recall * support), support);
    return html`<tr><th scope="row">${label}</th><td>${support > 0 ? html`<button type="button" class="link" data-given="${i}" aria-label="${label}: ${count(support, 'picture')}">${support}</button>` : '0'}</td><td>${bar(recall, 'hit')}${percent(recall)} <small>${support > 0 ? range(low, high) : '–'}</small></td><td>${percent(precision)}</td><td>${percent(f1)}</td>${counts && html`<td>${counts[i] ?? 0}</td>`}</tr>
`;
  })}</tbody></table></div>`;
}
