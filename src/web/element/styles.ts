/** How `<ort-classifier>` looks. Pages restyle it through its parts and these custom properties. */
export const styles = `
:host {
  --ort-accent: #4f46e5;
  --ort-accent-soft: #eef0ff;
  --ort-surface: #ffffff;
  --ort-line: #d8dce6;
  --ort-text: #1a1d29;
  --ort-muted: #5d6478;
  --ort-error: #b3261e;
  --ort-error-soft: #fdeceb;
  --ort-radius: 16px;
  display: block;
  container-type: inline-size;
  color: var(--ort-text);
  font: 16px/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ort-accent: #a5b0ff;
    --ort-accent-soft: #242a4d;
    --ort-surface: #191c28;
    --ort-line: #343a4f;
    --ort-text: #eceef6;
    --ort-muted: #a2a9bd;
    --ort-error: #ffb4ab;
    --ort-error-soft: #46201e;
  }
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
.layout { display: grid; gap: 24px; align-items: start; }
@container (min-width: 600px) {
  .layout { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 32px; }
}

.drop {
  position: relative;
  display: grid;
  place-items: center;
  aspect-ratio: 4 / 3;
  padding: 24px;
  overflow: hidden;
  text-align: center;
  background: var(--ort-surface);
  border: 2px dashed var(--ort-line);
  border-radius: var(--ort-radius);
  cursor: pointer;
  transition: border-color 0.15s, background-color 0.15s;
}
.drop:hover, .drop.over { border-color: var(--ort-accent); background: var(--ort-accent-soft); }
.drop:focus-within { outline: 3px solid var(--ort-accent); outline-offset: 3px; }
.drop.filled { border-style: solid; padding: 0; }
.drop.live { border-style: solid; padding: 0; cursor: default; background: #000; }
.drop.live :is(.invitation, .again, canvas, input) { display: none; }
input[type='file'] { position: absolute; inset: 0; opacity: 0; cursor: pointer; font-size: 0; }
.invitation svg { width: 48px; height: 48px; color: var(--ort-accent); }
.invitation strong { display: block; margin-top: 8px; font-size: 1.125rem; }
.invitation span { color: var(--ort-muted); }
.drop :is(canvas, video) { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.mirrored, .mirrored + .faces { transform: scaleX(-1); }
.faces { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.faces rect {
  fill: none;
  stroke: var(--ort-accent);
  stroke-width: 3px;
  stroke-dasharray: 6 4;
  vector-effect: non-scaling-stroke;
  opacity: 0.7;
}
.faces rect:first-child { stroke-dasharray: none; opacity: 1; }
.again {
  position: absolute;
  right: 12px;
  bottom: 12px;
  padding: 6px 14px;
  font-size: 0.875rem;
  font-weight: 600;
  background: var(--ort-surface);
  border: 1px solid var(--ort-line);
  border-radius: 999px;
}
.camera {
  margin-top: 12px;
  padding: 8px 18px;
  color: inherit;
  font: inherit;
  font-weight: 600;
  background: var(--ort-surface);
  border: 1px solid var(--ort-line);
  border-radius: 999px;
  cursor: pointer;
}
.camera:hover { border-color: var(--ort-accent); }
.camera:focus-visible { outline: 3px solid var(--ort-accent); outline-offset: 2px; }
[hidden] { display: none !important; }

.answer { position: relative; min-width: 0; }
.status { margin: 0 0 16px; color: var(--ort-muted); }
.status:empty { display: none; }
.status.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.status.error {
  padding: 12px 16px;
  color: var(--ort-error);
  background: var(--ort-error-soft);
  border-radius: calc(var(--ort-radius) / 2);
}
progress { width: 100%; height: 6px; margin-bottom: 16px; accent-color: var(--ort-accent); }
.busy ol { opacity: 0.45; }
ol { margin: 0; padding: 0; list-style: none; display: grid; gap: 14px; transition: opacity 0.15s; }
.note { margin: 20px 0 0; color: var(--ort-muted); font-size: 0.9375rem; }
.note:empty { display: none; }
ol > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: 16px; align-items: baseline; }
.label { overflow-wrap: anywhere; }
.probability { font-variant-numeric: tabular-nums; color: var(--ort-muted); }
ol > li:first-child .label { font-size: 1.5rem; font-weight: 700; line-height: 1.25; }
ol > li:first-child .probability { font-size: 1.25rem; font-weight: 600; color: var(--ort-text); }
.several { margin: 24px 0 0; padding: 0; list-style: none; }
.several:empty { display: none; }
.several button {
  display: flex;
  justify-content: space-between;
  gap: 16px;
  width: 100%;
  padding: 10px 12px;
  color: inherit;
  font: inherit;
  text-align: start;
  overflow-wrap: anywhere;
  background: none;
  border: 0;
  border-top: 1px solid var(--ort-line);
  cursor: pointer;
}
.several button:hover, .several [aria-current] { background: var(--ort-accent-soft); }
.several .found { color: var(--ort-muted); text-align: end; }
.track {
  grid-column: 1 / -1;
  height: 8px;
  margin-top: 6px;
  overflow: hidden;
  background: var(--ort-accent-soft);
  border-radius: 999px;
}
.bar { height: 100%; min-width: 2px; background: var(--ort-accent); border-radius: inherit; transition: width 0.3s ease-out; }
@media (prefers-reduced-motion: reduce) {
  * { transition: none !important; }
}
@media (forced-colors: active) {
  .bar { background: Highlight; forced-color-adjust: none; }
  .track { border: 1px solid; }
}
`;
