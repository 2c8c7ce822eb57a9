/** Pictures on the page: thumbnails, and pictures as the model sees them. */
import { relative, sep } from 'node:path';
import { bar } from './charts.js';
import { judge } from './choose-close-ups.js';
import { html, type Markup, percent } from './markup.js';
import type { Answer, CloseUp, Report, SmallPicture } from './report.js';

/** The address of a picture that lies in the page itself. */
export const dataUrl = ({ type, bytes }: SmallPicture): string =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;

/** A path as the report shows it: within the folder of the pictures, without that. */
export function nameOf(path: string, folder: string): string {
  const within = relative(folder, path);
  const isInside = within !== '' && !within.startsWith('..') && !/^([a-z]:|[/\\])/i.test(within);
  return (isInside ? within : path).split(sep).join('/');
}

/** A thumbnail with words below it. */
export function thumbnail(
  { thumbnails, folder }: Pick<Report, 'thumbnails' | 'folder'>,
  path: string,
  caption: Markup,
): Markup {
  const name = nameOf(path, folder);
  return html`<figure class="thumb">${thumbnails && image(thumbnails.get(path), name)}<figcaption>${caption}<span class="file">${name}</span></figcaption></figure>`;
}

function image(picture: SmallPicture | undefined, name: string): Markup {
  if (!picture) return html`<span class="gone">no picture</span>`;
  return html`<img src="${dataUrl(picture)}" width="${picture.width}" height="${picture.height}" alt="${name}">`;
}

/** A picture beside the part that the model saw, with its likeliest classes. */
export function closeUpFigure(report: Report, answer: Answer): Markup {
  const { labels, closeUps, folder, thumbnails } = report;
  const { taken, isRight, sure, given } = judge(answer);
  const close = thumbnails ? closeUps.get(answer.path) : undefined;
  const name = nameOf(answer.path, folder);
  const likeliest = labels
    .map((label, i) => ({ label, i, probability: answer.probabilities[i] ?? 0 }))
    .sort((a, b) => b.probability - a.probability);
  const shown = likeliest.slice(0, 3);
  const own = likeliest.find(({ i }) => i === answer.label);
  if (own && !shown.includes(own)) shown.splice(2, 1, own);
  const verdict = isRight
    ? html`<b>${labels[taken] ?? ''}</b>, ${percent(sure)} sure`
    : html`<b>${labels[answer.label] ?? ''}</b> taken for <b>${labels[taken] ?? ''}</b>`;
  return html`<figure class="close">${close && views(close, name)}<figcaption><p class="verdict">${verdict}</p>
<ul class="odds">${shown.map(
    ({ label, i, probability }) =>
      html`<li${i === answer.label ? html` class="own"` : ''}><span>${label}</span><span class="number">${percent(probability)}</span>${bar(probability, i === answer.label ? 'hit' : 'miss')}</li>`,
  )}</ul>${answer.known === false && html`<p class="note">It would be called unknown.</p>`}${close?.note && html`<p class="note">${close.note}</p>`}<p class="file">${name}</p>${given === 0 && !isRight && html`<p class="note">Its own class had no chance at all.</p>`}</figcaption></figure>`;
}

function views({ photo, part, heat }: CloseUp, name: string): Markup {
  const outline =
    part &&
    html`<svg class="outline" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"><polygon points="${part.corners.map(([x, y]) => `${x.toFixed(4)},${y.toFixed(4)}`).join(' ')}"/></svg>`;
  return html`<div class="views">${layers(photo, name, part ? outline : layer(heat))}${part && layers(part.image, `${name}, the part that the model saw`, layer(heat))}</div>`;
}

const layers = (picture: SmallPicture, alt: string, above: Markup | null): Markup =>
  html`<span class="stack"><img src="${dataUrl(picture)}" width="${picture.width}" height="${picture.height}" alt="${alt}">${above}</span>`;

const layer = (heat: SmallPicture | null): Markup | null =>
  heat && html`<img class="heat" src="${dataUrl(heat)}" alt="">`;
