/** The parts of `<ort-classifier>` that can be seen. */
import { printable } from '../../printable.js';
import type { Classification, Prediction } from '../classifier.js';

export const template = `
<div class="layout" part="layout">
  <div class="give" part="give">
    <label class="drop" part="drop">
      <input type="file" accept="image/*" multiple part="input">
      <span class="invitation" part="invitation">
        <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"
          stroke-linejoin="round" aria-hidden="true">
          <rect x="3" y="4" width="18" height="16" rx="3"/><circle cx="8.5" cy="9.5" r="1.5"/>
          <path d="m4 18 5-5 3 3 4-4 4 4"/>
        </svg>
        <strong>Choose a picture</strong>
        <span>or drop one here, or paste it</span>
      </span>
      <canvas part="picture" role="img" hidden></canvas>
      <canvas class="heat" part="heat" aria-hidden="true" hidden></canvas>
      <video part="video" aria-label="What the camera sees" playsinline muted hidden></video>
      <svg class="faces" part="faces" aria-hidden="true"></svg>
      <span class="again" part="again" hidden>Choose another</span>
    </label>
    <button class="camera" part="camera" type="button" hidden>Use the camera</button>
  </div>
  <div class="answer" part="answer">
    <p class="status" part="status" role="status"></p>
    <progress part="progress" aria-label="Loading the model" hidden></progress>
    <ol part="predictions" aria-label="What it may be"></ol>
    <p class="note" part="note"></p>
    <ul class="several" part="several" aria-label="Pictures"></ul>
  </div>
</div>`;

const percent = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

export const formatShare = (probability: number): string =>
  probability < 0.0005 ? '< 0.1%' : percent.format(probability);

export function renderPrediction({ label, probability }: Prediction): HTMLLIElement {
  const item = document.createElement('li');
  item.part.add('prediction');
  const add = (parent: HTMLElement, tag: string, name: string, text = '') => {
    const child = document.createElement(tag);
    child.className = name;
    child.part.add(name);
    child.textContent = text;
    return parent.appendChild(child);
  };
  add(item, 'span', 'label', printable(label));
  add(item, 'span', 'probability', formatShare(probability));
  const bar = add(add(item, 'div', 'track'), 'div', 'bar');
  bar.style.width = `${probability * 100}%`;
  return item;
}

/** Stands before the classes where none of them is meant. @param doubt `No face`, `Unknown` or `Not sure` */
export function renderDoubt(doubt: string): HTMLLIElement {
  const item = document.createElement('li');
  item.part.add('prediction', 'unknown');
  const label = document.createElement('span');
  label.className = 'label';
  label.textContent = doubt;
  item.append(label);
  return item;
}

/** Warns of answers that mean little. */
export function describeDoubts({ faces, stranger }: Pick<Classification, 'faces' | 'stranger'>): string {
  const strange =
    stranger?.known === false
      ? 'This is unlike what the model has learned: the classes are only the nearest.'
      : '';
  return [strange, faces ? describeFaces(faces.length) : ''].filter(Boolean).join(' ');
}

/** As many labels as one looks through. */
const mostLabels = 40;

/** The classes of a model in one line, the first 40 of them. */
export function listLabels(labels: readonly string[]): string {
  const more = labels.length > mostLabels ? ` · … and ${labels.length - mostLabels} more` : '';
  return labels.slice(0, mostLabels).join(' · ') + more;
}

function describeFaces(count: number): string {
  if (count === 0) return 'No face found: the whole picture was looked at, so this may well be wrong.';
  return count === 1 ? '' : `There are ${count} faces. This is about the largest, in the solid frame.`;
}

/** Frames the faces, the one that counts first and strongest. */
export function renderFaces(svg: SVGSVGElement, { width, height, faces = [] }: Classification): void {
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...faces.map(({ box: { left, top, right, bottom } }) => {
      const frame = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
      const place = { x: left, y: top, width: right - left, height: bottom - top, rx: (right - left) / 12 };
      for (const [name, value] of Object.entries(place)) frame.setAttribute(name, String(value));
      return frame;
    }),
  );
}

/** Lays heat over the picture; without, takes it away. */
export function layHeat(canvas: HTMLCanvasElement, { heat }: Pick<Classification, 'heat'> = {}): void {
  canvas.hidden = !heat;
  if (!heat) return;
  canvas.width = heat.width;
  canvas.height = heat.height;
  canvas.getContext('2d')?.putImageData(heat, 0, 0);
}
