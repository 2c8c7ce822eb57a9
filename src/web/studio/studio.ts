/** The studio: make classes, add pictures, train, try, download. Everything happens in the page. */

import type { StrangerRule } from '../../classifier/strangers.js';
import { printable } from '../../printable.js';
import { defineClassifierElement } from '../element/classifier-element.js';
import { findElement as find } from '../find-element.js';
import { download } from '../kept-download.js';
import { keepForOffline } from '../page/offline.js';
import { adviseOn } from './advice.js';
import { Autosave } from './autosave.js';
import { ClassCard, isZip } from './class-card.js';
import { acceptFolders, chosenFiles } from './dropped-files.js';
import { element } from './elements.js';
import { type KeptModel, ModelPanel, saveFile } from './model-panel.js';
import { explainError, Notices } from './notices.js';
import { problemOf } from './problems.js';
import { type Project, readProject, writeProject } from './project-archive.js';
import { ReportPanel, type Shown } from './report-panel.js';
import { type PathedFile, sortIntoClasses } from './sort-files.js';
import { defaultSettings, readSettings, type Trained, type TrainingClass } from './studio-protocol.js';
import { answersOf, count, describeEstimate } from './studio-report.js';
import { Trainer } from './trainer-client.js';
import { TrainingPanel } from './training-panel.js';
import { Undo } from './undo.js';

defineClassifierElement();

const trainer = new Trainer();
const notices = new Notices();
const panel = new TrainingPanel();
const report = new ReportPanel(findPicture, { onRule: (rule) => void changeRule(rule) });
const onError = (error: unknown, file?: string) => notices.tellError(error, file);
const modelPanel = new ModelPanel({ encodeKeras: (model) => trainer.encodeKeras(model), onError });
const undo = new Undo();
const cards: ClassCard[] = [];
/** Ends the training that is under way. */
let training: AbortController | undefined;
const autosave = new Autosave({
  snapshot: () => ({
    classes: cards.map(({ name, pictures }) => ({ name, pictures })),
    settings: panel.settings,
    model: modelPanel.model,
  }),
  onProblem: (text) => notices.tell(text),
});
/** Whether what is here was put into a file since it changed. */
let isSaved = true;

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

const pictureCount = () => cards.reduce((sum, { pictures }) => sum + pictures.length, 0);

/** Whenever there are other pictures, classes or settings. */
function onChange(): void {
  isSaved = pictureCount() === 0;
  find<HTMLButtonElement>('#save').disabled = isSaved;
  modelPanel.compareWith(classesNow());
  find('#welcome').hidden = pictureCount() > 0;
  markStep();
  showAdvice();
  autosave.schedule();
}

/** Shows which of the three steps comes next. */
function markStep(): void {
  const filled = cards.filter(({ pictures }) => pictures.length > 0).length;
  const isCurrent = modelPanel.model !== undefined && find('#stale-download').hidden;
  const next = isCurrent ? 'try' : filled > 1 ? 'train' : 'pictures';
  for (const step of ['pictures', 'train', 'try'])
    find(`#${step}-title`).ariaCurrent = step === next ? 'step' : null;
}

function showAdvice(): void {
  const advised = cards.map(({ name, pictures }) => ({
    name,
    pictures: pictures.map(({ name, look }) => ({ name, ...look })),
  }));
  const texts = adviseOn(advised).map(printable);
  const list = find('#advice');
  // Screen readers are told what is new alone.
  if (texts.join('\n') === [...list.children].map(({ textContent }) => textContent).join('\n')) return;
  list.replaceChildren(...texts.map((textContent) => element('li', { textContent })));
  list.hidden = texts.length === 0;
}

function addClass(name = nextName()): ClassCard {
  const card = new ClassCard({
    name,
    look: (picture) => trainer.look(picture),
    onChange,
    onRemove: removeClass,
    onPictureRemoved: (picture, restore) => undo.push({ what: `“${picture}”`, restore }),
    onRejected: (rejected, total) => notices.tellRejected(rejected, total),
    onError,
  });
  cards.push(card);
  find('#classes').insertBefore(card.root, find('#more'));
  return card;
}

function nextName(): string {
  let n = cards.length + 1;
  while (cards.some(({ name }) => name === `Class ${n}`)) n++;
  return `Class ${n}`;
}

function removeClass(card: ClassCard): void {
  const index = cards.indexOf(card);
  card.close();
  card.root.remove();
  cards.splice(index, 1);
  find('#add-class').focus();
  onChange();
  undo.push({
    what: `the class “${card.name}” with ${count(card.pictures.length, 'picture')}`,
    restore: () => {
      find('#classes').insertBefore(card.root, cards[index]?.root ?? find('#more'));
      cards.splice(index, 0, card);
      card.focus();
      onChange();
    },
  });
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
  const { guesses, rule, epochs, isStopped } = trained;
  const outcome = isStopped
    ? `Stopped after ${epochs} of ${panel.settings.epochs} epochs, so how good it is was not found out.`
    : describeEstimate(answersOf(guesses, rule?.threshold ?? null));
  const file = new Blob([model], { type: 'application/octet-stream' });
  showModel({ ...trained, outcome, file, classes });
  panel.say(`Trained in ${inTime(seconds)}. ${outcome}`);
  find('#result').scrollIntoView({ block: 'nearest' });
  autosave.schedule();
}

/** Writes the model anew, with another rule for what counts as known. */
async function changeRule(rule: StrangerRule): Promise<void> {
  const before = modelPanel.model;
  if (!before) return;
  try {
    const bytes = await trainer.changeRule(before.file, rule);
    // Another one may have been trained in the meantime.
    if (modelPanel.model !== before) return;
    const outcome = describeEstimate(answersOf(before.guesses, rule.threshold));
    const file = new Blob([bytes], { type: before.file.type });
    showModel({ ...before, file, rule, outcome });
    panel.say(outcome);
    autosave.schedule();
  } catch (error) {
    onError(error);
  }
}

function showModel(model: KeptModel): void {
  modelPanel.model = model;
  modelPanel.compareWith(classesNow());
  markStep();
  report.show(model);
}

const inTime = (seconds: number): string =>
  seconds < 60
    ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} seconds`
    : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;

/** The classes once every picture was looked at. Pictures are looked at as they come; training waits for the last. */
async function readyClasses(signal: AbortSignal): Promise<TrainingClass[]> {
  await trainer.ready;
  const total = pictureCount();
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
  const pictures = pictureCount();
  if (pictures > 0 && !confirm(`Open “${file.name}” in place of the ${pictures} pictures that are here?`))
    return;
  try {
    take(await readProject(file));
  } catch (error) {
    onError(error, file.name);
  }
}

/** Puts a project in the place of what is here. */
function take({ classes, settings }: Project): void {
  removeAll();
  for (const { name, pictures } of classes) void addClass(name).add(pictures);
  panel.settings = settings;
  panel.say('');
}

/** Shows what it is all about with drawn people: their pictures, and a model trained on them. */
async function tryExample(): Promise<void> {
  const button = find<HTMLButtonElement>('#example');
  button.disabled = true;
  try {
    const address = new URL('example.zip', document.baseURI).href;
    take(await download(address, { read: async (bytes) => readProject(new Blob([bytes])) }));
    await train();
  } catch (error) {
    onError(error, 'example.zip');
  } finally {
    button.disabled = false;
  }
}

/** Takes files that come with their folders: each folder that holds some is a class. */
async function addFolders(files: readonly PathedFile[] | Promise<readonly PathedFile[]>): Promise<void> {
  notices.clear();
  try {
    const all = await files;
    const [first, second] = all;
    if (first && !second && isZip(first.file)) return await open(first.file);
    const { classes, loose } = sortIntoClasses(all);
    for (const { name, files } of classes) {
      const card =
        cards.find((card) => card.name === name) ?? cards.find((card) => card.isUntouched) ?? addClass(name);
      card.name = name;
      void card.addFiles(files);
    }
    if (classes.length === 0)
      notices.tell(
        'Drop pictures on the class that they belong to. Or drop folders here: each becomes a class, called as the folder is.',
      );
    else if (loose.length > 0)
      notices.tell(`${count(loose.length, 'file')} in no folder of a class, so left out.`);
  } catch (error) {
    onError(error);
  }
}

/** Takes all classes away, for good. */
function removeAll(): void {
  for (const card of cards.splice(0)) {
    card.release();
    card.root.remove();
  }
  undo.clear();
}

/** Goes on where an earlier visit ended. */
async function restore(): Promise<void> {
  const left = await autosave.open();
  for (const { name, pictures } of left?.classes ?? []) void addClass(name).add(pictures);
  if (left) panel.settings = readSettings(left.settings);
  if (left?.model) {
    showModel(left.model);
    panel.say(`This model was trained in an earlier visit. ${left.model.outcome}`);
  }
  while (cards.length < 2 && !left) addClass();
  document.body.dataset.restored = 'yes';
  find('#welcome').hidden = pictureCount() > 0;
  markStep();
  if (left) await warmUp();
}

/** Looks again at the pictures of an earlier visit, one at a time, so that training need not wait for it. */
async function warmUp(): Promise<void> {
  for (const { blob } of cards.flatMap(({ pictures }) => pictures.filter(({ look }) => look)))
    if (!training) await trainer.look(blob).catch(() => {});
}

async function forget(): Promise<void> {
  const question =
    'Forget all pictures and classes, the settings and the model? Nothing of them stays in this browser. This cannot be undone.';
  if (!confirm(question)) return;
  training?.abort();
  notices.clear();
  removeAll();
  modelPanel.model = undefined;
  report.hide();
  panel.settings = defaultSettings;
  panel.say('');
  find('#charts').hidden = true;
  addClass();
  addClass();
  await autosave.forget();
  autosave.schedule();
  await trainer.keepOnly([]).catch(() => {});
  find('#forget').focus();
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
  saveFile(await writeProject({ classes, settings: panel.settings }), 'pictures.zip');
  isSaved = true;
});
find<HTMLInputElement>('#open').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const [file] = input.files ?? [];
  if (file) void open(file);
  // The same file may be opened again.
  input.value = '';
});

find<HTMLInputElement>('#folder').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  void addFolders(chosenFiles(input));
  input.value = '';
});
find('#example').addEventListener('click', () => void tryExample());
// The browser would open files that are dropped beside the cards instead of the page.
acceptFolders(document.body, (files) => void addFolders(files));

const side = find('.side');
new ResizeObserver(() => side.style.setProperty('--height', `${side.offsetHeight}px`)).observe(side);
addEventListener('beforeunload', (event) => {
  if (!isSaved && !autosave.isKept) event.preventDefault();
});

trainer.ready.then(
  () => {
    document.body.dataset.state = 'ready';
    keepForOffline();
  },
  (error) => onError(error),
);
find('#settings').addEventListener('change', () => autosave.schedule());
find('#forget').addEventListener('click', () => forget().catch(onError));
void restore();
