/** A report as one HTML file that opens anywhere: no network, no other files, nothing that a policy forbids. */
import { createHash } from 'node:crypto';
import { calibrationOf } from '../../../classifier/calibration.js';
import { type Evaluation, evaluatePredictions } from '../../../classifier/metrics.js';
import { wilsonInterval } from '../../../classifier/wilson.js';
import { printable } from '../../../printable.js';
import { adviseNext } from './advise.js';
import { chooseCloseUps, judge, mostPictured } from './choose-close-ups.js';
import { classTable, confusionTable } from './confusion-table.js';
import { closeUpFigure, dataUrl, nameOf, thumbnail } from './figures.js';
import { count, html, jsonFor, type Markup, percent, range, raw } from './markup.js';
import type { Report } from './report.js';
import { runReport, type ScriptData } from './report-script.js';
import { reportStyle } from './report-style.js';
import { leakageSection, strangersSection, sureness, suspectSection, trainingSection } from './sections.js';

/** A part of the page, with its place in the table of contents. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

const script = `(${runReport})();`;
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What a browser may do with the page: nothing that leaves it, and no script or style but its own. */
const policy = [
  "default-src 'none'",
  'img-src data:',
  `style-src ${hashOf(reportStyle)}`,
  `script-src ${hashOf(script)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** @returns the text of the HTML file */
export function renderReport(report: Report): string {
  const evaluation = evaluatePredictions(report.labels, report.answers);
  const right = evaluation.confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const title = `${right.toLocaleString('en')} of ${count(evaluation.samples, 'picture')} right`;
  const sections = listSections(report, evaluation);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="ort-transfer ${report.version}">
<title>${title} · ${report.folder}</title>
<style>${raw(reportStyle)}</style>
</head>
<body>
<header>
<p class="eyebrow">${report.model} · ${report.date.toISOString().slice(0, 10)}</p>
<h1>${title}</h1>
<p class="lead">${origin(report)}</p>
${privacy(report)}
${figures(report, evaluation, right)}
<nav aria-label="Contents"><ol>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
</header>
<main>
${sections.map(
  ({ id, title, content }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>
`,
)}</main>
<footer>Made by ort-transfer ${report.version} on ${report.date.toISOString().slice(0, 16).replace('T', ' ')} UTC.</footer>
<dialog id="gallery" aria-labelledby="gallery-title"><div class="sheet"><header><h2 id="gallery-title">Pictures</h2><button type="button" class="shut">Close</button></header><div class="grid"></div><footer><button type="button" class="back">Back</button><span class="place" aria-live="polite"></span><button type="button" class="on">Next</button></footer></div></dialog>
${scriptData(report)}
<script>${raw(script)}</script>
</body>
</html>
`.text;
}

function origin({ kind, folder, labels, model }: Report): Markup {
  const classes = count(labels.length, 'class', 'classes');
  if (kind === 'test')
    return html`The model <b>${model}</b> on the pictures of <b>${folder}</b>, ${classes}.`;
  return kind === 'folds'
    ? html`Each picture of <b>${folder}</b>, ${classes}, was left out of a training, and then asked about.`
    : html`Pictures that were held back from the training on <b>${folder}</b>, ${classes}.`;
}

const privacy = ({ thumbnails }: Report): Markup =>
  thumbnails
    ? html`<p class="privacy"><b>Photos are in this file.</b> Where they show people, it is personal data: pass it on only as you would the photos themselves. <code>--no-pictures</code> leaves them out.</p>`
    : html`<p class="privacy">No pictures are in this file. It names their files.</p>`;

function figures({ answers }: Report, { samples, accuracy, loss }: Evaluation, right: number): Markup {
  const [low, high] = wilsonInterval(right, samples);
  const { ece, floor } = calibrationOf(answers);
  const judged = answers.filter(({ known }) => known !== undefined);
  const unknown = judged.filter(({ known }) => known === false).length;
  const figure = (name: string, value: string, more: string) =>
    html`<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`;
  return html`<dl class="figures">${[
    figure('Accuracy', percent(accuracy), `95% interval: ${range(low, high, 1)}`),
    figure('Negative log-likelihood', loss.toFixed(3), '0 is sure and right'),
    figure('Calibration error', percent(ece), `${percent(floor)} of a perfect model`),
    ...(judged.length > 0
      ? [
          figure(
            'Called unknown',
            percent(unknown / judged.length),
            `${unknown} of ${judged.length}, counted by nearest class`,
          ),
        ]
      : []),
  ]}</dl>`;
}

function listSections(report: Report, evaluation: Evaluation): Section[] {
  const { answers, counts, suspectLabels, leakage, skipped, facts, history } = report;
  const { worst, unsure } = chooseCloseUps(answers);
  const wrong = answers.filter((answer) => !judge(answer).isRight).length;
  const sections: (Section | null)[] = [
    { id: 'mix-ups', title: 'Mix-ups', content: html`${confusionTable(evaluation)}${tooMany(report)}` },
    { id: 'classes', title: 'Classes', content: classTable(evaluation, counts) },
    {
      id: 'worst',
      title: 'Worst errors',
      content: html`<p>${wrong === 0 ? 'There are none.' : `${wrong > worst.length ? `The first ${worst.length} of ${wrong} errors` : count(wrong, 'error')}, the least likely true class first.`}</p>${closeUps(report, worst, worst.length > 0)}`,
    },
    {
      id: 'unsure',
      title: 'Least sure right answers',
      content: html`<p>Right, but only just: these may turn out wrong on another day.</p>${closeUps(report, unsure, worst.length === 0)}`,
    },
    { id: 'next', title: 'Next pictures', content: nextPictures(report) },
    suspectLabels
      ? { id: 'suspects', title: 'Suspect labels', content: suspectSection(report, suspectLabels) }
      : null,
    leakage
      ? { id: 'leakage', title: 'Leakage', content: leakageSection(report, leakage, evaluation) }
      : null,
    { id: 'sureness', title: 'How sure it may be', content: sureness(report) },
    report.strangers
      ? { id: 'strangers', title: 'Strangers', content: strangersSection(report, report.strangers) }
      : null,
    history && Object.keys(history).length > 0
      ? { id: 'training', title: 'Training', content: trainingSection(history, report.bestEpoch) }
      : null,
    {
      id: 'facts',
      title: 'Model and data',
      content: html`<div class="facts">${facts.map(
        ({ title, facts }) =>
          html`<div><h3>${title}</h3><dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>`,
      )}</div>`,
    },
    skipped.length > 0
      ? {
          id: 'skipped',
          title: 'Left out',
          content: html`<details${skipped.length <= 20 ? raw(' open') : ''}><summary>${count(skipped.length, 'file')} could not be used</summary><ul class="left">${skipped.map(({ path, reason }) => html`<li>${nameOf(path, report.folder)}: ${reason}</li>`)}</ul></details>`,
        }
      : null,
  ];
  return sections.filter((section) => section !== null);
}

/** Says so where not every answer has its picture. */
const tooMany = ({ answers, thumbnails }: Report): Markup | null =>
  thumbnails && answers.length > mostPictured
    ? html`<p class="note">Of ${count(answers.length, 'picture')} the errors and the least sure are shown, ${mostPictured.toLocaleString('en')} in all; the others by their names.</p>`
    : null;

/** @param isFirst whether the words on heat, and its switch, belong above these */
function closeUps(report: Report, answers: Report['answers'], isFirst: boolean): Markup {
  return html`${isFirst && aboutHeat(report)}<div class="closes">${answers.map((answer) => closeUpFigure(report, answer))}</div>`;
}

function aboutHeat({ noHeat, closeUps, kind }: Report): Markup | null {
  if (closeUps.size === 0) return null;
  if (noHeat !== null) return html`<p class="note">Where the model looked is not drawn: ${noHeat}</p>`;
  const seen = [...closeUps.values()];
  const again =
    kind === 'folds'
      ? ' It is drawn of the finished model, where that gives the same answer though it has learned the picture since.'
      : '';
  const framed = seen.some(({ part }) => part !== null)
    ? ' A white line frames the part that it was shown.'
    : '';
  return html`<p class="note">Yellow is where the model looked most.${again}${framed}</p>
<p><label class="switch"><input type="checkbox" id="heat" checked> Draw where the model looked</label></p>`;
}

function nextPictures(report: Report): Markup {
  const advice = adviseNext(report);
  if (advice.length === 0)
    return html`<p>No class was missed. Look for harder pictures: other places, lights and distances, and things that look alike.</p>`;
  return html`<p>The classes that need pictures most, the weakest first.</p>
<ol class="advice">${advice.map(
    ({ label, why, wanted, examples }) => html`<li><h3>${report.labels[label] ?? ''}</h3>
<p>${why.join(' ')} ${wanted.join(' ')}</p>
${examples.length > 0 && html`<div class="grid">${examples.map((path) => thumbnail(report, path, html``))}</div>`}</li>`,
  )}</ol>`;
}

/** The data of all pictures, for the script that opens them. */
function scriptData({ labels, answers, folder, thumbnails }: Report): Markup {
  const round = (share: number) => Number(share.toFixed(4));
  const data: ScriptData = {
    labels: labels.map(printable),
    answers: answers.map((answer) => {
      const { taken, sure, given } = judge(answer);
      return [
        printable(nameOf(answer.path, folder)),
        answer.label,
        taken,
        round(sure),
        round(given),
        answer.known ?? null,
      ];
    }),
  };
  const pictures = answers.map(({ path }) => {
    const picture = thumbnails?.get(path);
    return picture ? dataUrl(picture) : null;
  });
  return html`<script type="application/json" id="answers">${jsonFor(data)}</script>
${thumbnails && html`<script type="application/json" id="thumbnails">${jsonFor(pictures)}</script>`}`;
}
