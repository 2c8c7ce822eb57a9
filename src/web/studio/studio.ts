/** The studio: make classes, add pictures, train, try, download. Everything happens in the page. */

import { defineClassifierElement } from '../element/classifier-element.js';
import { findElement as find } from '../find-element.js';
import { keepForOffline } from '../page/offline.js';
import { ClassCard } from './class-card.js';
import { download, ModelPanel } from './model-panel.js';
import { explainError, Notices } from './notices.js';
import { describeFaceless, describeFlat, problemOf } from './problems.js';
import { readProject, writeProject } from './project-archive.js';
import { ReportPanel, type Shown } from './report-panel.js';
import type { Trained, TrainingClass } from './studio-protocol.js';
import { answersOf, describeEstimate } from './studio-report.js';
import { Trainer } from './trainer-client.js';
import { TrainingPanel } from './training-panel.js';

defineClassifierElement();

const trainer = new Trainer();
const notices = new Notices();
const panel = new TrainingPanel();
const report = new ReportPanel(findPicture);
const onError = (error: unknown, file?: string) => notices.tellError(error, file);
const modelPanel = new ModelPanel({ encodeKeras: (head) => trainer.encodeKeras(head), onError });
const cards: ClassCard[] = [];
/** Ends the training that is under way. */
let training: AbortController | undefined;
/** Whether there are pictures that were not saved. */
let isUnsaved = false;

const trainButton = find<HTMLButtonElement>('#train');
const stopButton = find<HTMLButtonElement>('#stop');

/** The classes as the worker trains on them. */
const classesNow = (): TrainingClass[] => cards.map(({ name, contents }) => ({ name, pictures: contents }));

function findPicture(content: string): Shown | undefined {
  for (const card of cards) {
    const shown = card.find(content);
    if (shown) return shown;
  }
  return undefined;
}

function onChange(): void {
  isUnsaved = cards.some(({ pictures }) => pictures.length > 0);
  find<HTMLButtonElement>('#save').disabled = !isUnsaved;
  modelPanel.compareWith(classesNow());
}

function addClass(name = nextName()): ClassCard {
  const look = (picture: Blob) => trainer.look(picture);
  const card = new ClassCard({ name, look, onChange, onRemove: removeClass, onError });
  cards.push(card);
  find('#classes').insertBefore(card.root, find('#add-class'));
  return card;
}

function nextName(): string {
  let n = cards.length + 1;
  while (cards.some(({ name }) => name === `Class ${n}`)) n++;
  return `Class ${n}`;
}

function removeClass(card: ClassCard): void {
  const question = `Remove “${card.name}” and its ${card.pictures.length} pictures?`;
  if (card.pictures.length > 0 && !confirm(question)) return;
  card.close();
  card.root.remove();
  cards.splice(cards.indexOf(card), 1);
  find('#add-class').focus();
  onChange();
}

async function train(): Promise<void> {
  notices.clear();
  if (training || !panel.checkSettings()) return;
  const drafts = cards.map(({ name, contents, waiting }) => ({ name, usable: contents.length + waiting }));
  const problem = problemOf(drafts);
  if (problem) return panel.say(problem, { isError: true });
  const began = performance.now();
  training = new AbortController();
  const { signal } = training;
  showTraining(true);
  panel.begin();
  try {
    const classes = await readyClasses(signal);
    if (signal.aborted) return panel.say(stoppedWithout());
    const late = problemOf(classes.map(({ name, pictures }) => ({ name, usable: pictures.length })));
    if (late) return panel.say(late, { isError: true });
    const faceless = describeFaceless(cards.map(({ faceCount }) => faceCount));
    const flat = describeFlat(cards.flatMap(({ flatNames }) => flatNames));
    for (const advice of [faceless, flat]) if (advice) notices.tell(advice);
    const trained = await trainer.train(classes, panel.settings, {
      signal,
      onEvent: (event) => {
        if (signal.aborted) return;
        if (event.type === 'prepared') panel.showPrepared(event.done, event.total);
        else if (event.type === 'checked') panel.showChecked(event.share);
        else panel.showEpoch(event.epoch, event.logs);
      },
    });
    if (!trained) return panel.say(stoppedWithout());
    showTrained(trained, classes, (performance.now() - began) / 1000);
  } catch (error) {
    panel.say(explainError(error), { isError: true });
  } finally {
    panel.end();
    training = undefined;
    showTraining(false);
  }
}

const stoppedWithout = (): string =>
  modelPanel.model ? 'Stopped. The model is still the one from before.' : 'Stopped. There is no model yet.';

function showTrained({ model, ...trained }: Trained, classes: TrainingClass[], seconds: number): void {
  const file = new Blob([model], { type: 'application/octet-stream' });
  modelPanel.model = { ...trained, file, classes };
  modelPanel.compareWith(classesNow());
  report.show(trained);
  const { guesses, rule, epochs, isStopped } = trained;
  const outcome = isStopped
    ? `Stopped after ${epochs} of ${panel.settings.epochs} epochs, so how good it is was not found out.`
    : describeEstimate(answersOf(guesses, rule?.threshold ?? null));
  panel.say(`Trained in ${inTime(seconds)}. ${outcome}`);
  find('#result').scrollIntoView({ block: 'nearest' });
}

const inTime = (seconds: number): string =>
  seconds < 60
    ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} seconds`
    : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;

/** The classes once every picture was looked at. Pictures are looked at as they come; training waits for the last. */
async function readyClasses(signal: AbortSignal): Promise<TrainingClass[]> {
  await trainer.ready;
  const total = cards.reduce((sum, { pictures }) => sum + pictures.length, 0);
  for (;;) {
    const waiting = cards.reduce((sum, card) => sum + card.waiting, 0);
    if (waiting === 0 || signal.aborted) break;
    panel.showPrepared(total - waiting, total);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const classes = classesNow();
  if (signal.aborted) return classes;
  const missing = await trainer.keepOnly(classes.flatMap(({ pictures }) => pictures));
  for (const [i, content] of missing.entries()) {
    const blob = cards.map((card) => card.find(content)).find((found) => found)?.blob;
    if (signal.aborted || !blob) break;
    panel.showPrepared(total - missing.length + i, total);
    await trainer.look(blob);
  }
  return classes;
}

function showTraining(isOn: boolean): void {
  trainButton.hidden = isOn;
  stopButton.hidden = !isOn;
  stopButton.disabled = false;
  // The outcome of training may be in view.
  (isOn ? stopButton : trainButton).focus({ preventScroll: true });
}

async function open(file: File): Promise<void> {
  notices.clear();
  const count = cards.reduce((sum, { pictures }) => sum + pictures.length, 0);
  if (count > 0 && !confirm(`Open “${file.name}” in place of the ${count} pictures that are here?`)) return;
  try {
    const { classes, settings } = await readProject(file);
    for (const card of cards.splice(0)) {
      card.close();
      card.root.remove();
    }
    for (const { name, pictures } of classes) addClass(name).add(pictures);
    panel.settings = settings;
    panel.say('');
  } catch (error) {
    onError(error, file.name);
  }
}

trainButton.addEventListener('click', () => void train());
stopButton.addEventListener('click', () => {
  training?.abort();
  stopButton.disabled = true;
  panel.say('Stopping…');
});
find('#add-class').addEventListener('click', () => addClass().focus());
find('#save').addEventListener('click', async () => {
  const classes = cards.map(({ name, pictures }) => ({ name, pictures }));
  download(await writeProject({ classes, settings: panel.settings }), 'pictures.zip');
  isUnsaved = false;
});
find<HTMLInputElement>('#open').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const [file] = input.files ?? [];
  if (file) void open(file);
  // The same file may be opened again.
  input.value = '';
});

// The browser would open files that are dropped beside the cards instead of the page; a project is opened here.
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file && /\.zip$/i.test(file.name)) void open(file);
  else if (file) notices.tell('Drop pictures on the class that they belong to.');
});
const side = find('.side');
new ResizeObserver(() => side.style.setProperty('--height', `${side.offsetHeight}px`)).observe(side);
addEventListener('beforeunload', (event) => {
  if (isUnsaved) event.preventDefault();
});

trainer.ready.then(
  () => {
    document.body.dataset.state = 'ready';
    keepForOffline();
  },
  (error) => onError(error),
);
addClass();
addClass();
