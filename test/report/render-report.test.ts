import test from 'ava';
import { calibrationOf, reliabilityOf } from '../../src/classifier/calibration.js';
import { auroc } from '../../src/classifier/strangers.js';
import { wilsonInterval } from '../../src/classifier/wilson.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { adviseNext } from '../../src/transfer/evaluate/report/advise.js';
import { chooseCloseUps, choosePictured } from '../../src/transfer/evaluate/report/choose-close-ups.js';
import { nameOf } from '../../src/transfer/evaluate/report/figures.js';
import { html } from '../../src/transfer/evaluate/report/markup.js';
import { renderReport } from '../../src/transfer/evaluate/report/render-report.js';
import { ratesByLimit } from '../../src/transfer/evaluate/report/sections.js';
import { assertClose } from '../compare.js';
import { answerOf, drawSmall, fullReport, reportOf } from './made-up.js';

/** The text of an element's content, without tags. */
const textOf = (page: string, id: string): string => {
  const [, inside = ''] = new RegExp(`<section id="${id}"[^>]*>([\\s\\S]*?)</section>`).exec(page) ?? [];
  return inside
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
};

test('intervals are those that Newcombe printed for this method in 1998', (t) => {
  const cases: [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [20, 20, 1 - 0.1611, 1],
  ];
  for (const [hits, total, low, high] of cases)
    assertClose(t, wilsonInterval(hits, total), [low, high], {
      relative: 0,
      absolute: 5.1e-5,
      label: `${hits}/${total}`,
    });
  t.deepEqual(wilsonInterval(0, 0), [0, 1]);
});

test('the reliability bins hold every answer, and their mean gap is the calibration error', (t) => {
  const random = new RandomState(3);
  const answers = Array.from({ length: 200 }, (_, i) => {
    const sure = random.uniform(0.5, 1);
    return answerOf(`${i}`, { label: random.random() < 0.7 ? 0 : 1, taken: 0, sure, classes: 2 });
  });
  const bins = reliabilityOf(answers);
  t.is(
    bins.reduce((sum, { count }) => sum + count, 0),
    200,
  );
  const gap = bins.reduce(
    (sum, { count, confidence, accuracy }) => sum + (count / 200) * Math.abs(confidence - accuracy),
    0,
  );
  assertClose(t, [gap], [calibrationOf(answers).ece], { label: 'mean', relative: 1e-9, absolute: 0 });
  t.deepEqual(
    reliabilityOf([]).map(({ count, confidence, accuracy }) => count + confidence + accuracy),
    new Array(15).fill(0),
  );
});

test("the strangers' curve goes through every limit once, and the area below it is the AUROC", (t) => {
  t.deepEqual(ratesByLimit([0.9, 0.5], [0.1, 0.5]), [
    [0, 0],
    [0, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
  const random = new RandomState(1);
  const known = Array.from(random.uniform(0.3, 1, 80), (score) => Number(score.toFixed(2)));
  const strange = Array.from(random.uniform(0, 0.7, 50), (score) => Number(score.toFixed(2)));
  const points = ratesByLimit(known, strange);
  const area = points
    .slice(1)
    .reduce((sum, [x, y], i) => sum + ((x - (points[i]?.[0] ?? 0)) * (y + (points[i]?.[1] ?? 0))) / 2, 0);
  assertClose(t, [area], [auroc(known, strange)], { label: 'mean', relative: 1e-9, absolute: 0 });
});

test('the worst errors begin with the least likely true class, the unsure answers with the least sure', (t) => {
  const classes = 2;
  const answers = [
    answerOf('right 60', { label: 0, taken: 0, sure: 0.6, classes }),
    answerOf('wrong 70', { label: 0, taken: 1, sure: 0.7, classes }),
    answerOf('wrong 90', { label: 1, taken: 0, sure: 0.9, classes }),
    answerOf('right 55', { label: 1, taken: 1, sure: 0.55, classes }),
    answerOf('right 99', { label: 1, taken: 1, sure: 0.99, classes }),
  ];
  const { worst, unsure } = chooseCloseUps(answers, 2);
  t.deepEqual(
    worst.map(({ path }) => path),
    ['wrong 90', 'wrong 70'],
  );
  t.deepEqual(
    unsure.map(({ path }) => path),
    ['right 55', 'right 60'],
  );
});

test('of too many answers the errors have pictures, then the least sure, and the report says so', (t) => {
  const classes = 2;
  const answers = Array.from({ length: 10_001 }, (_, i) =>
    answerOf(`${i}`, { label: 0, taken: i % 5000 === 7 ? 1 : 0, sure: 0.99 - i / 25_000, classes }),
  );
  t.deepEqual(
    choosePictured(answers, 4).map(({ path }) => path),
    ['7', '5007', '10000', '9999'],
  );
  const pictured = choosePictured(answers);
  t.is(new Set(pictured).size, 10_000);
  t.false(
    pictured.some(({ path }) => path === '0'),
    'the surest is left out',
  );
  t.is(choosePictured(answers.slice(1)).length, 10_000);
  const note =
    'Of 10,001 pictures the errors and the least sure are shown, 10,000 in all; the others by their names.';
  const thumbnails = new Map();
  t.true(textOf(renderReport(reportOf(['a', 'b'], answers, { thumbnails })), 'mix-ups').endsWith(note));
  t.false(
    renderReport(reportOf(['a', 'b'], answers.slice(1), { thumbnails })).includes(
      'the others by their names',
    ),
  );
});

test('advice names the weak classes, what they are mixed up with, and the pictures that are missing', (t) => {
  const classes = 3;
  const row = (path: string, label: number, taken: number, sure: number, known?: boolean) =>
    answerOf(path, { label, taken, sure, classes }, known);
  const answers = [
    ...Array.from({ length: 8 }, (_, i) => row(`glass ${i}`, 0, 0, 0.9)),
    ...[row('glass 8', 0, 1, 0.7), row('glass 9', 0, 1, 0.9), row('glass 10', 0, 2, 0.9)],
    ...Array.from({ length: 6 }, (_, i) => row(`metal ${i}`, 1, 1, 0.9)),
    ...[row('paper 0', 2, 2, 0.9), row('paper 1', 2, 0, 0.8, false)],
  ];
  const labels = ['glass', 'metal', 'paper'];
  t.deepEqual(adviseNext(reportOf(labels, answers, { counts: [60, 60, 4] })), [
    {
      label: 2,
      why: [
        '1 of 2 pictures was missed. It was taken for glass.',
        'Training had 4 pictures of it, while the largest class has 60.',
        '2 pictures were asked about, too few to tell.',
      ],
      wanted: [
        'Most of these look unlike the pictures in training. Add other kinds of paper: other shapes, places and lights, like these:',
        'Add 16 or more of any kind.',
        'Test on 5 or more.',
      ],
      examples: ['paper 1'],
    },
    {
      label: 0,
      why: ['3 of 11 pictures were missed. 2 of these were taken for metal.'],
      wanted: [
        'Add pictures of glass that could be taken for metal, and of metal that could be taken for glass, like these:',
      ],
      examples: ['glass 9', 'glass 8'],
    },
  ]);
  // A class that is always recognised is weak only beside much larger ones.
  const right = labels.map((_, label) => row(`${label}`, label, label, 0.9));
  t.deepEqual(adviseNext(reportOf(labels, right, { counts: [5, 6, 5], kind: 'folds' })), []);
  t.deepEqual(adviseNext(reportOf(labels, right, { counts: [5, 20, 7], kind: 'folds' })), [
    {
      label: 0,
      why: ['Training had 5 pictures of it, while the largest class has 20.'],
      wanted: ['Add 2 or more of any kind.'],
      examples: [],
    },
  ]);
  // Training pictures that were left out in turn are all there are: there is nothing to test on.
  const [first] = adviseNext(reportOf(labels, answers, { kind: 'folds' }));
  t.deepEqual(first?.why, ['1 of 2 pictures was missed. It was taken for glass.']);
});

test('every part of a report is on its page', async (t) => {
  const page = renderReport(await fullReport());
  t.true(page.includes('<h1>7 of 10 pictures right</h1>'));
  t.regex(page, /<b>Photos are in this file\.<\/b>/);
  t.regex(page, /<dd>70\.0%<small>95% interval: 39\.7–89\.2%<\/small>/);
  const sections = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
  t.deepEqual(sections, [
    ...['mix-ups', 'classes', 'worst', 'unsure', 'next', 'suspects', 'leakage', 'sureness', 'strangers'],
    ...['training', 'facts', 'skipped'],
  ]);
  t.regex(textOf(page, 'mix-ups'), /glass 2 2 · metal · 2 1 paper · · 3 /);
  t.regex(textOf(page, 'classes'), /glass 4 50\.0% 15–85% 100\.0% 66\.7% 50/);
  t.regex(textOf(page, 'worst'), /3 errors, .* glass taken for metal metal 95\.0% glass 5\.0%/);
  t.regex(textOf(page, 'worst'), /It would be called unknown\./);
  t.regex(textOf(page, 'unsure'), /paper , 51\.0% sure/);
  t.regex(textOf(page, 'suspects'), /in glass 5\.0% likely metal glass\/3\.jpg/);
  t.regex(
    textOf(page, 'leakage'),
    /^Leakage 1 pair of .* Without these the accuracy is 66\.7% \(95% interval: 35\.4–87\.9%, 9 pictures\), with them 70\.0%\./,
  );
  t.regex(textOf(page, 'leakage'), /in training, 0\.934 alike photos\/train\/glass\/a\.jpg/);
  t.regex(
    textOf(page, 'strangers'),
    /so were 75\.0% of 4 pictures of other things in photos\/others, and 16\.7% of 6 pictures/,
  );
  t.true(textOf(page, 'strangers').endsWith('Strangers that pass for known no picture 0.7.jpg'));
  t.regex(textOf(page, 'training'), /The weights of epoch 2 were kept/);
  t.regex(textOf(page, 'facts'), /Model File onnx\/model\.onnx Size 5\.1 MB/);
  t.regex(textOf(page, 'skipped'), /paper\/broken\.jpg: Expected a picture\./);
});

test('without pictures nothing of a photo is in it, and it says so', async (t) => {
  const { thumbnails: _, ...rest } = await fullReport();
  const page = renderReport({ ...rest, thumbnails: null });
  t.false(page.includes('data:image'));
  t.true(page.includes('No pictures are in this file.'));
  t.true(page.includes('glass/3.jpg'));
});

test('names from files stay text, wherever they stand', async (t) => {
  const evil = '</script><script>alert("x")</script><img src=x onerror=alert(1)>\u202e\n\'';
  const labels = [evil, 'metal'];
  const path = `photos/test/${evil}.jpg`;
  const answers = [
    answerOf(path, { label: 0, taken: 1, sure: 0.9, classes: 2 }),
    answerOf(`${path}2`, { label: 0, taken: 0, sure: 0.9, classes: 2 }),
  ];
  const thumbnails = new Map([[path, { ...(await drawSmall(1)), type: 'image/webp' }]]);
  const page = renderReport(
    reportOf(labels, answers, {
      ...{ thumbnails, folder: `photos/test`, model: evil },
      ...{ facts: [{ title: evil, facts: [[evil, evil]] }], skipped: [{ path, reason: evil }] },
      ...{ noHeat: evil, suspectLabels: [{ path, given: 0, probability: 0, likely: 1 }] },
      leakage: { pairs: [{ a: path, b: evil, similarity: 1 }], without: null },
      strangers: {
        mode: 'far',
        threshold: 0.5,
        known: [0.6],
        strange: [{ path: evil, score: 0.8 }],
        folder: evil,
      },
    }),
  );
  t.is([...page.matchAll(/<script/g)].length, 3, 'answers, thumbnails and the script of the page');
  t.is([...page.matchAll(/<\/script/g)].length, 3);
  t.is([...page.matchAll(/onerror/g)].length, [...page.matchAll(/(&lt;|\\u003c)img src=x onerror/g)].length);
  t.false(page.includes('\u202e'));
  t.is(html`<b title="${'"<'}">${['&', html`<i>`]}</b>`.text, '<b title="&quot;&lt;">&amp;<i></b>');
});

test('its policy allows no network, and its own script and style alone', async (t) => {
  const page = renderReport(await fullReport());
  const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(page) ?? [];
  t.regex(
    policy,
    /^default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-[\w+/=]{44}&#39;; script-src &#39;sha256-[\w+/=]{44}&#39;; /,
  );
  t.false(/ style="/.test(page), 'styles in attributes are refused by the policy');
  t.false(/\b(href|src)="(?!#|data:)/.test(page), 'addresses lead nowhere else');
});

test('of many classes those with errors are in the table, and the others are counted', (t) => {
  const classes = 60;
  const labels = Array.from({ length: classes }, (_, i) => `class ${i}`);
  const answers = labels.map((_, label) =>
    answerOf(`${label}`, { label, taken: label < 45 ? (label + 1) % 45 : label, sure: 0.9, classes }),
  );
  const page = renderReport(reportOf(labels, answers));
  t.is([...page.matchAll(/<th scope="row"><span>/g)].length, 40);
  t.true(textOf(page, 'mix-ups').includes('Of 60 classes, the 40 with the most errors are shown.'));
  // Those without an error are not among them, and where there is none there is no table.
  const few = renderReport(reportOf(labels, answers.slice(43, 60)));
  t.is([...few.matchAll(/<th scope="row"><span>/g)].length, 3);
  const none = renderReport(reportOf(labels, answers.slice(50)));
  t.is(textOf(none, 'mix-ups'), 'Mix-ups No class was taken for another.');
});

test('paths are shown within the folder of the pictures', (t) => {
  t.is(nameOf('photos/test/glass/1.jpg', 'photos/test/'), 'glass/1.jpg');
  t.is(nameOf('photos/train/glass/1.jpg', 'photos/test'), 'photos/train/glass/1.jpg');
  t.is(nameOf('/a/b.jpg', 'photos'), '/a/b.jpg');
});
