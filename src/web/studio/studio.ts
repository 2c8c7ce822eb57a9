/** The studio: make classes, add pictures, train, try, download. Everything happens in the page. */

import { printable } from '../../printable.js';
import { ClassifierError } from '../classifier-protocol.js';
import { type ClassifierElement, defineClassifierElement } from '../element/classifier-element.js';
import { describeError, describePicture } from '../element/error-words.js';
import { findElement as find } from '../find-element.js';
import { keepForOffline } from '../page/offline.js';
import { ClassCard } from './class-card.js';
import { describeFaceless, describeFlat, problemOf } from './problems.js';
import { ArchiveError, readProject, writeProject } from './project-archive.js';
import { StudioError, Trainer } from './trainer-client.js';
import { TrainingPanel } from './training-panel.js';

defineClassifierElement();

const trainer = new Trainer();
const panel = new TrainingPanel();
const cards: ClassCard[] = [];
/** `model.onnx` as it was trained last. */
let model: Blob | undefined;
let isTraining = false;
/** Whether there are pictures that were not saved. */
let isUnsaved = false;

const messages = find('#messages');
const trainButton = find<HTMLButtonElement>('#train');
const stopButton = find<HTMLButtonElement>('#stop');

/** Tells of something that went wrong, until the visitor goes on. */
function complain(text: string): void {
  const item = document.createElement('p');
  item.textContent = printable(text);
  messages.append(item);
  while (messages.childElementCount > 5) messages.firstElementChild?.remove();
}

function explainError(error: unknown, picture?: string): string {
  if (error instanceof StudioError && error.fault === 'bad picture')
    return `“${picture}” cannot be read as a picture, so it was left out. ${describePicture(error.message)}`;
  if (error instanceof StudioError && error.fault === 'no runtime')
    return `This browser could not start what trains the model. A newer browser may help; so may reloading the page. ${error.message}`;
  if (error instanceof StudioError && error.fault === 'no assets')
    return `A part of this page could not be loaded. ${error.message}`;
  if (error instanceof ClassifierError) return describeError(error, { model: 'the model', picture });
  if (error instanceof ArchiveError) return `“${picture}” cannot be opened. ${error.message}`;
  return `Something went wrong. ${error instanceof Error ? error.message : String(error)}`;
}

/** Each failure of the worker itself is told once, not for each picture that waited for it. */
const told = new Set<string>();

function onError(error: unknown, picture?: string): void {
  const text = explainError(error, picture);
  if (told.has(text)) return;
  if (error instanceof StudioError && error.fault !== 'bad picture') told.add(text);
  complain(text);
}

function addClass(name = nextName()): ClassCard {
  const card = new ClassCard({
    name,
    look: (picture) => trainer.look(picture),
    onChange: () => {
      isUnsaved = cards.some(({ pictures }) => pictures.length > 0);
      find<HTMLButtonElement>('#save').disabled = !isUnsaved;
    },
    onRemove: removeClass,
    onError,
  });
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
}

async function train(): Promise<void> {
  messages.replaceChildren();
  if (isTraining || !panel.checkSettings()) return;
  const drafts = cards.map(({ name, contents, waiting }) => ({ name, usable: contents.length + waiting }));
  const problem = problemOf(drafts);
  if (problem) return panel.say(problem, { isError: true });
  setTraining(true);
  panel.begin();
  try {
    await everyPictureSeen();
    // Some may have turned out not to be pictures.
    const classes = cards.map(({ name, contents }) => ({ name, pictures: contents }));
    const late = problemOf(classes.map(({ name, pictures }) => ({ name, usable: pictures.length })));
    if (late) return panel.say(late, { isError: true });
    const faceless = describeFaceless(cards.map(({ faceCount }) => faceCount));
    const flat = describeFlat(cards.flatMap(({ flatNames }) => flatNames));
    for (const advice of [faceless, flat]) if (advice) complain(advice);
    const trained = await trainer.train(classes, panel.settings, (event) => {
      if (event.type === 'prepared') panel.showPrepared(event.done, event.total);
      else panel.showEpoch(event.epoch, event.logs);
    });
    panel.showTrained(trained);
    model = new Blob([trained.model], { type: 'application/octet-stream' });
    find<ClassifierElement>('ort-classifier').load(model);
    find('#result').hidden = false;
    find('#result').scrollIntoView({ block: 'nearest' });
  } catch (error) {
    panel.say(explainError(error), { isError: true });
  } finally {
    panel.end();
    setTraining(false);
  }
}

/** Pictures are looked at as they come; training waits for the last. */
async function everyPictureSeen(): Promise<void> {
  await trainer.ready;
  const total = cards.reduce((sum, { pictures }) => sum + pictures.length, 0);
  for (;;) {
    const waiting = cards.reduce((sum, card) => sum + card.waiting, 0);
    if (waiting === 0) return;
    panel.showPrepared(total - waiting, total);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function setTraining(isOn: boolean): void {
  isTraining = isOn;
  trainButton.hidden = isOn;
  stopButton.hidden = !isOn;
  // The outcome of training may be in view.
  (isOn ? stopButton : trainButton).focus({ preventScroll: true });
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function open(file: File): Promise<void> {
  messages.replaceChildren();
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
  panel.say('Stopping after this epoch…');
  void trainer.stop();
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
find('#download-onnx').addEventListener('click', () => model && download(model, 'model.onnx'));
find('#download-keras').addEventListener('click', () =>
  trainer.encodeKeras().then((bytes) => download(new Blob([bytes]), 'model.keras'), onError),
);

// The browser would open files that are dropped beside the cards instead of the page; a project is opened here.
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file && /\.zip$/i.test(file.name)) void open(file);
  else if (file) complain('Drop pictures on the class that they belong to.');
});
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
