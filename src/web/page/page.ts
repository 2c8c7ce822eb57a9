/** The demo page: one element, facts about its model, and drops that miss the element. */
import type { ModelMetadata } from '../../classifier/metadata.js';
import { printable } from '../../printable.js';
import { type ClassifierElement, defineClassifierElement } from '../element/classifier-element.js';
import { findElement } from '../find-element.js';
import { keepForOffline } from './offline.js';

defineClassifierElement();

const element = findElement<ClassifierElement>('ort-classifier');

element.addEventListener('ready', (event) => {
  keepForOffline();
  const { labels, backbone, metrics, licences } = (event as CustomEvent<ModelMetadata>).detail;
  const facts: [name: string, value: string][] = [['Classes', labels.join(' · ')]];
  if (metrics)
    facts.push([
      'Accuracy',
      `${(metrics.accuracy * 100).toFixed(1)}% on ${metrics.samples} pictures it was not trained on`,
    ]);
  if (backbone)
    facts.push([
      'Backbone',
      [backbone.name, ...(backbone.alpha ? [`alpha ${backbone.alpha}`] : []), backbone.weights].join(', '),
    ]);
  if (licences?.length)
    facts.push([
      'Licences',
      licences
        .map(({ work, licence, credit }) => `${work}: ${licence}${credit ? ` (${credit})` : ''}`)
        .join(' · '),
    ]);
  findElement('#facts').replaceChildren(
    ...facts.flatMap(([name, value]) => {
      const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
      dt.textContent = name;
      dd.textContent = printable(value);
      return [dt, dd];
    }),
  );
  findElement('#about').hidden = false;
});

// A picture dropped beside the element is meant for it, too; browsers would open it instead of the page.
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  void element.showAll([...(event.dataTransfer?.files ?? [])]);
});
