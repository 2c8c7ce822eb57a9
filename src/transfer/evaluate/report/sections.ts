/** Parts of the page that weigh the answers as a whole. */
import { reliabilityOf } from '../../../classifier/calibration.js';
import type { Evaluation } from '../../../classifier/metrics.js';
import { compareScores } from '../../../classifier/strangers.js';
import type { SuspectLabel } from '../../../classifier/suspect-labels.js';
import { wilsonInterval } from '../../../classifier/wilson.js';
import { epochsChart, reliabilityChart, scoresChart, strangersChart } from './charts.js';
import { passingStrangers } from './choose-close-ups.js';
import { thumbnail } from './figures.js';
import { count, html, type Markup, percent, range } from './markup.js';
import type { Leakage, Report, StrangersReport } from './report.js';

/** Pictures that a section shows at most; the others are counted. */
export const mostShown = 24;

export function sureness({ answers }: Report): Markup {
  const bins = reliabilityOf(answers);
  return html`<p>When the model is 80% sure, it should be right 8 times out of 10: then the dots lie on the dashed line. Below it the model is too sure. Large dots stand for many pictures; with few, even a perfect model's dots lie beside the line.</p>
<div class="charts"><figure>${reliabilityChart(bins)}</figure>
<table class="plain"><thead><tr><th scope="col">How sure</th><th scope="col">Pictures</th><th scope="col">Mean</th><th scope="col">Right</th></tr></thead><tbody>${bins
    .filter(({ count }) => count > 0)
    .map(
      ({ from, to, count, confidence, accuracy }) =>
        html`<tr><th scope="row">${percent(from, 0)}–${percent(to, 0)}</th><td>${count}</td><td>${percent(confidence)}</td><td>${percent(accuracy)}</td></tr>`,
    )}</tbody></table></div>`;
}

export function strangersSection(report: Report, strangers: StrangersReport): Markup {
  const { mode, threshold, known, strange, folder } = strangers;
  const scores = (strange ?? []).map(({ score }) => score);
  const title =
    mode === 'far' ? 'Familiarity: cosine to the nearest prototype' : 'Score: the smaller p-value';
  const key = html`<ul class="key"><li><span class="hit"></span>pictures of the classes</li>${strange && html`<li><span class="miss"></span>strangers</li>`}<li>dotted: the limit</li></ul>`;
  const histogram = html`<figure><figcaption>How familiar pictures look</figcaption>${scoresChart({ known, strange: scores, threshold }, title)}${key}</figure>`;
  const { auroc, falseRejection, falseAcceptance } = compareScores(threshold, known, scores);
  if (scores.length === 0)
    return html`<p>Below its limit a picture is called unknown. Of the pictures of the classes here, ${percent(falseRejection)} were. Name a folder of other things with <code>--strangers</code>, to see how well these are told.</p><div class="charts">${histogram}</div>`;
  const told = 1 - falseAcceptance;
  const passing = passingStrangers(strangers);
  const theirs = { ...report, folder: folder ?? report.folder };
  return html`<p>Below its limit a picture is called unknown: so were <b>${percent(told)}</b> of ${count(scores.length, 'picture')} of other things${folder !== undefined && html` in ${folder}`}, and <b>${percent(falseRejection)}</b> of ${count(known.length, 'picture')} of the classes. A known picture looks more familiar than a stranger ${percent(auroc)} of the time (AUROC ${auroc.toFixed(3)}).</p>
<div class="charts">${histogram}<figure><figcaption>Other limits</figcaption>${strangersChart(ratesByLimit(known, scores), [falseRejection, told])}<ul class="key"><li>the dot: the limit of this model</li></ul></figure></div>
${passing.length > 0 && html`<h3>Strangers that pass for known</h3><div class="grid">${passing.slice(0, mostShown).map((path) => thumbnail(theirs, path, html``))}</div>${passing.length > mostShown && html`<p class="note">And ${count(passing.length - mostShown, 'other')}.</p>`}`}`;
}

/** The share of known pictures that are turned away, and of strangers that are told, from the lowest limit to the highest. */
export function ratesByLimit(
  known: readonly number[],
  strange: readonly number[],
): (readonly [falseRejection: number, detection: number])[] {
  const scores = [
    ...known.map((score) => ({ score, isStrange: false })),
    ...strange.map((score) => ({ score, isStrange: true })),
  ].sort((a, b) => a.score - b.score);
  const points: (readonly [number, number])[] = [[0, 0]];
  let [rejected, told] = [0, 0];
  for (const [i, { score, isStrange }] of scores.entries()) {
    if (isStrange) told++;
    else rejected++;
    // Equal scores fall below a limit together.
    if (scores[i + 1]?.score !== score) points.push([rejected / known.length, told / strange.length]);
  }
  return points;
}

export function suspectSection(report: Report, suspects: readonly SuspectLabel[]): Markup {
  const { labels } = report;
  if (suspects.length === 0) return html`<p>No picture looks as if it were in the wrong class.</p>`;
  return html`<p>Pictures whose class may be wrong: a model that was not trained on them finds it unlikely. Look at them, the most suspect first, and move those that are wrong.</p>
<div class="grid">${suspects
    .slice(0, mostShown)
    .map(({ path, given, probability, likely }) =>
      thumbnail(
        report,
        path,
        html`<span class="verdict">in <b>${labels[given] ?? ''}</b> ${percent(probability)}</span><span class="own">likely ${labels[likely] ?? ''}</span>`,
      ),
    )}</div>${suspects.length > mostShown && html`<p class="note">And ${count(suspects.length - mostShown, 'other')}.</p>`}`;
}

export function leakageSection(
  report: Report,
  { pairs, without }: Leakage,
  { accuracy }: Evaluation,
): Markup {
  if (pairs.length === 0) return html`<p>No picture that was asked about is in training, too.</p>`;
  const [low, high] = without
    ? wilsonInterval(Math.round(without.accuracy * without.samples), without.samples)
    : [0, 1];
  return html`<p>${count(pairs.length, 'pair')} of probably the same thing: the model was trained on one while it was asked about the other, which makes it look better than it is.${without && html` Without these the accuracy is <b>${percent(without.accuracy)}</b> (95% interval: ${range(low, high, 1)}, ${count(without.samples, 'picture')}), with them ${percent(accuracy)}.`}</p>
<div class="twins">${pairs
    .slice(0, mostShown)
    .map(
      ({ a, b, similarity }) =>
        html`<div>${thumbnail(report, a, html`<span class="verdict">asked about</span>`)}${thumbnail(report, b, html`<span class="verdict">in training, ${similarity.toFixed(3)} alike</span>`)}</div>`,
    )}</div>${pairs.length > mostShown && html`<p class="note">And ${count(pairs.length - mostShown, 'other pair')}.</p>`}`;
}

export function trainingSection(history: Readonly<Record<string, readonly number[]>>, best: number): Markup {
  const chart = (title: string, key: string) => {
    const [training, validation] = [history[key] ?? [], history[`val_${key}`] ?? []];
    return (
      training.length > 0 &&
      html`<figure><figcaption>${title}</figcaption>${epochsChart(title, { training, validation }, best)}</figure>`
    );
  };
  const hasValidation = Object.keys(history).some((key) => key.startsWith('val_'));
  return html`<p>Of the dense layers, as they were trained on all the pictures.${best > 0 && ` The weights of epoch ${best} were kept, at the dotted line.`}</p>
<div class="charts">${chart('Loss', 'loss')}${chart('Accuracy', 'accuracy')}</div>
<ul class="key"><li><span class="hit"></span>training</li>${hasValidation && html`<li><span class="miss"></span>validation, dashed</li>`}</ul>`;
}
