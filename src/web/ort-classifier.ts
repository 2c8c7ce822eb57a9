/** Makes `<ort-classifier>` known: the one script that a page needs. */
import { defineClassifierElement } from './element/classifier-element.js';

export * from './index.js';

defineClassifierElement();
