/**
 * The page's style. Right is blue and wrong is orange, which all kinds of colour vision tell apart; depths differ in
 * lightness, too, and numbers stand in every cell.
 */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #fbfaf7;
  --surface: #ffffff;
  --text: #1d1f24;
  --muted: #5c606b;
  --line: #dedbd3;
  --hit: #2b62a8;
  --miss: #b4530a;
  --hit1: #e7eef8; --hit2: #c6d9f0; --hit3: #94b8e0; --hit4: #3f76b8; --hit5: #1f4f8c;
  --miss1: #fdeedd; --miss2: #fbd5ad; --miss3: #f2ae6b; --miss4: #b85c10; --miss5: #8a3d00;
  --on-light: #1d1f24;
  --on-deep: #ffffff;
  --rail: #e9e6df;
  --serif: ui-serif, 'Iowan Old Style', 'Palatino Linotype', Palatino, Georgia, serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15161a;
    --surface: #1c1e23;
    --text: #ecebe6;
    --muted: #a5a8b1;
    --line: #363940;
    --hit: #86b3ea;
    --miss: #f0a35c;
    --hit1: #1d2a3b; --hit2: #233f61; --hit3: #2c568a; --hit4: #7fb0ea; --hit5: #b3d2f7;
    --miss1: #33261a; --miss2: #55371b; --miss3: #7c4a17; --miss4: #f0a35c; --miss5: #fbcb9b;
    --on-light: #ecebe6;
    --on-deep: #14161a;
    --rail: #2c2f36;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { background: var(--page); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  max-width: 62rem;
  margin: 0 auto;
  padding: clamp(1.25rem, 5vw, 4rem) clamp(1rem, 4vw, 2.5rem) 4rem;
  color: var(--text);
  font: 1rem / 1.55 system-ui, sans-serif;
  overflow-wrap: break-word;
}
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.15; text-wrap: balance; }
h1 { margin: 0.2em 0 0.35em; font-size: clamp(2rem, 7vw, 3.25rem); letter-spacing: -0.02em; }
h2 { margin: 0 0 0.75rem; font-size: clamp(1.45rem, 4vw, 1.85rem); letter-spacing: -0.01em; }
h3 { margin: 1.75rem 0 0.5rem; font-size: 1.15rem; }
p { margin: 0 0 0.9rem; max-width: 42rem; }
a { color: var(--hit); text-underline-offset: 0.15em; }
section { margin-top: clamp(2.75rem, 7vw, 4.5rem); padding-top: 1.5rem; border-top: 1px solid var(--line); scroll-margin-top: 0; }
.eyebrow, .file, .note, caption, figcaption, .axis { color: var(--muted); }
.eyebrow { margin: 0; font-size: 0.875rem; overflow-wrap: anywhere; }
.lead { font-size: 1.125rem; }
.privacy { padding: 0.75rem 1rem; border-left: 4px solid var(--miss); background: var(--surface); font-size: 0.9375rem; }
.number, td, .figure b { font-variant-numeric: tabular-nums; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1.25rem 1.5rem; margin: 2rem 0; }
.figures div { padding-top: 0.6rem; border-top: 2px solid var(--text); }
.figures dt { color: var(--muted); font-size: 0.875rem; }
.figures dd { margin: 0; font: 600 1.75rem / 1.2 var(--serif); font-variant-numeric: lining-nums tabular-nums; }
.figures dd small { display: block; color: var(--muted); font: 0.8125rem / 1.4 system-ui, sans-serif; }
nav ol { display: flex; flex-wrap: wrap; gap: 0.35rem 1.25rem; margin: 0; padding: 0; list-style: none; font-size: 0.9375rem; }
nav a { display: inline-block; padding: 0.25rem 0; }

.scroll { overflow-x: auto; margin: 0 0 1rem; padding-bottom: 0.25rem; }
.scroll:focus-visible, button:focus-visible, a:focus-visible, summary:focus-visible { outline: 3px solid var(--hit); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.9375rem; }
caption { max-width: min(42rem, 88vw); min-width: 17rem; padding-bottom: 0.85rem; text-align: left; caption-side: top; font-size: 0.875rem; }
th { font-weight: 500; }
.matrix { border-collapse: separate; border-spacing: 2px; }
.matrix thead th { vertical-align: bottom; padding: 0 0 0.35rem; }
.matrix thead span { display: inline-block; max-height: 9rem; writing-mode: vertical-rl; transform: rotate(180deg); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; line-height: 1.1; }
.matrix tbody th { position: sticky; left: 0; z-index: 1; padding: 0 0.6rem 0 0; background: var(--page); text-align: right; }
.matrix tbody th span { display: block; max-width: 9rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.matrix td { width: 2.6rem; min-width: 2.6rem; height: 2.6rem; padding: 0; text-align: center; border-radius: 4px; }
.matrix thead td { height: auto; }
.matrix .none { color: var(--muted); }
.matrix button { display: block; width: 100%; height: 2.6rem; padding: 0; border: 0; border-radius: 4px; background: none; color: inherit; font: inherit; cursor: pointer; }
.matrix button:hover { box-shadow: inset 0 0 0 2px currentColor; }
.hit1 { background: var(--hit1); } .hit2 { background: var(--hit2); } .hit3 { background: var(--hit3); }
.hit4 { background: var(--hit4); } .hit5 { background: var(--hit5); }
.miss1 { background: var(--miss1); } .miss2 { background: var(--miss2); } .miss3 { background: var(--miss3); }
.miss4 { background: var(--miss4); } .miss5 { background: var(--miss5); }
.hit1, .hit2, .hit3, .miss1, .miss2, .miss3 { color: var(--on-light); }
.hit4, .hit5, .miss4, .miss5 { color: var(--on-deep); font-weight: 600; }
.link { padding: 0.15rem 0; border: 0; background: none; color: var(--hit); font: inherit; text-align: left; text-decoration: underline; text-underline-offset: 0.15em; cursor: pointer; }
.mixed { display: grid; grid-template-columns: minmax(0, auto) minmax(17rem, 1fr); gap: 1rem clamp(1.5rem, 5vw, 4rem); align-items: start; }
.mixed h3 { margin-top: 0; }
@media (max-width: 52rem) { .mixed { grid-template-columns: minmax(0, 1fr); } }
.pairs { margin: 0 0 1rem; padding-left: 1.4rem; }
.pairs li { padding: 0.1rem 0; }
.pairs .number { color: var(--muted); white-space: nowrap; }
.classes { width: 100%; }
.classes th, .classes td, .plain th, .plain td { padding: 0.45rem 0.75rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; vertical-align: middle; }
.classes th:first-child, .plain th:first-child { padding-left: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 5.5rem; }
.classes th:last-child, .classes td:last-child { padding-right: 0; }
.classes small { display: inline-block; min-width: 4.75rem; color: var(--muted); font-size: 0.8125rem; }
.classes .bar { display: inline-block; width: 4rem; margin-right: 0.6rem; vertical-align: middle; }
thead th { color: var(--muted); font-size: 0.875rem; }

figure { margin: 0; }
figcaption { font-size: 0.8125rem; line-height: 1.35; }
img { display: block; max-width: 100%; height: auto; border-radius: 4px; background: var(--rail); }
.file { display: block; margin: 0.2rem 0 0; overflow-wrap: anywhere; font-size: 0.75rem; }
.note { margin: 0.25rem 0 0; font-size: 0.875rem; }
.closes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17.5rem, 100%), 1fr)); gap: 1.5rem; }
.close { padding: 0.85rem; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); break-inside: avoid; }
.views { display: flex; gap: 0.5rem; align-items: flex-start; margin-bottom: 0.7rem; }
.stack { position: relative; flex: 1 1 0; min-width: 0; }
.stack:only-child { flex: 0 1 auto; margin: 0 auto; }
.stack img { width: 100%; }
.heat, .outline { position: absolute; inset: 0; width: 100%; height: 100%; background: none; }
.stack .heat { height: 100%; }
.outline polygon { fill: none; stroke: #fff; stroke-width: 2px; vector-effect: non-scaling-stroke; filter: drop-shadow(0 0 1px #000); }
.cold .heat { display: none; }
.verdict { margin: 0; color: var(--text); font-size: 0.9375rem; }
.close b, .thumb b { color: var(--text); font-weight: 650; }
.odds { margin: 0.5rem 0 0; padding: 0; list-style: none; }
.odds li { display: grid; grid-template-columns: 1fr auto; gap: 0 0.5rem; padding: 0.15rem 0; }
.odds span:first-child { overflow-wrap: anywhere; }
.odds .own span { color: var(--text); font-weight: 600; }
.odds .bar { grid-column: 1 / -1; }
.bar { display: block; width: 100%; height: 4px; }
.rail { fill: var(--rail); }
rect.hit { fill: var(--hit); } rect.miss { fill: var(--miss); }
.switch { display: inline-flex; gap: 0.5rem; align-items: center; margin-bottom: 1rem; font-size: 0.9375rem; }
.switch input { width: 1.15rem; height: 1.15rem; accent-color: var(--hit); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.75rem, 1fr)); gap: 1rem 0.75rem; align-items: start; }
.thumb { min-width: 0; break-inside: avoid; }
.thumb img { width: 100%; aspect-ratio: 1; object-fit: contain; margin-bottom: 0.35rem; }
.thumb .verdict, .thumb .own { display: block; font-size: 0.8125rem; }
.thumb .wrong { color: var(--miss); }
.gone { display: block; padding: 1rem 0; }
.advice { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2rem; margin: 0; padding: 0; list-style: none; }
.advice li { break-inside: avoid; }
.advice h3 { margin-top: 0; }
.advice .grid { max-width: 34rem; margin-top: 0.75rem; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1.5rem; max-width: 54rem; }
.charts figcaption { margin-bottom: 0.4rem; color: var(--text); font-size: 0.9375rem; font-weight: 600; }
.chart { display: block; width: 100%; max-width: 27rem; height: auto; overflow: visible; }
.chart text { fill: var(--muted); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.chart .grid { display: inline; stroke: var(--line); stroke-width: 1; }
.chart .ideal { fill: none; stroke: var(--muted); stroke-dasharray: 3 4; }
.chart .curve { fill: none; stroke: var(--hit); stroke-width: 2.5; stroke-linejoin: round; }
.chart .second { fill: none; stroke: var(--miss); stroke-width: 2.5; stroke-dasharray: 7 4; stroke-linejoin: round; }
.chart .dot { fill: var(--hit); fill-opacity: 0.85; }
.chart .second-dot { fill: var(--miss); }
.chart .gap { stroke: var(--miss); stroke-width: 2; }
.chart .limit { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 2 3; }
.chart .known { fill: var(--hit); fill-opacity: 0.75; }
.chart .strange { fill: var(--miss); fill-opacity: 0.75; }
.key { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.5rem 0 0; padding: 0; list-style: none; color: var(--muted); font-size: 0.875rem; }
.key span { display: inline-block; width: 1.4rem; height: 0.7rem; margin-right: 0.4rem; vertical-align: -0.05rem; border-radius: 2px; }
.key .hit { background: var(--hit); } .key .miss { background: var(--miss); }
details { margin: 1rem 0; }
summary { padding: 0.3rem 0; color: var(--hit); cursor: pointer; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0.5rem 3rem; }
.facts dl { margin: 0; font-size: 0.9375rem; }
.facts dl div { display: grid; grid-template-columns: 9rem 1fr; gap: 0.75rem; padding: 0.4rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.left { padding-left: 1.2rem; font-size: 0.875rem; overflow-wrap: anywhere; }
.twins { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: 1.25rem; }
.twins > div { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem; break-inside: avoid; }
footer { margin-top: 4rem; color: var(--muted); font-size: 0.875rem; }

dialog { width: min(60rem, 100vw - 1.5rem); max-width: none; max-height: calc(100dvh - 1.5rem); padding: 0; overflow: auto; border: 0; border-radius: 12px; background: var(--surface); color: var(--text); box-shadow: 0 1rem 4rem rgb(0 0 0 / 0.4); }
dialog::backdrop { background: rgb(10 10 14 / 0.6); }
.sheet { padding: 0 1.25rem 1.25rem; }
.sheet header { position: sticky; top: 0; z-index: 1; display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; margin: 0 -1.25rem 1rem; padding: 1rem 1.25rem 0.75rem; background: var(--surface); border-bottom: 1px solid var(--line); }
.sheet h2 { margin: 0; font-size: 1.25rem; overflow-wrap: anywhere; min-width: 0; }
.sheet footer { display: flex; gap: 1rem; align-items: center; justify-content: center; margin-top: 1.25rem; }
.sheet footer:not(:has(button:not([hidden]))) { display: none; }
.sheet button { padding: 0.45rem 0.9rem; border: 1px solid var(--line); border-radius: 8px; background: var(--page); color: var(--text); font: inherit; cursor: pointer; white-space: nowrap; }
.sheet button:disabled { opacity: 0.45; cursor: default; }

@media (max-width: 30rem) {
  .closes { grid-template-columns: repeat(auto-fill, minmax(min(9rem, 100%), 1fr)); gap: 0.75rem; }
  .close { padding: 0.6rem; }
  .views { flex-direction: column; }
  .views .stack { width: 100%; }
  .matrix td { width: 2.25rem; min-width: 2.25rem; }
  .matrix tbody th { font-size: 0.8125rem; }
  .matrix tbody th span { max-width: 5.5rem; }
  .matrix thead th { font-size: 0.8125rem; }
  .classes th, .classes td, .plain th, .plain td { padding: 0.45rem 0.3rem; font-size: 0.8125rem; }
  .classes .bar { display: none; }
  .classes small { display: block; min-width: 0; }
  .facts dl div { grid-template-columns: 7rem 1fr; }
}
@media print {
  :root {
    --page: #fff; --surface: #fff; --text: #000; --muted: #444; --line: #bbb; --hit: #2b62a8; --miss: #b4530a; --rail: #e4e4e4;
    --hit1: #e7eef8; --hit2: #c6d9f0; --hit3: #94b8e0; --hit4: #3f76b8; --hit5: #1f4f8c;
    --miss1: #fdeedd; --miss2: #fbd5ad; --miss3: #f2ae6b; --miss4: #b85c10; --miss5: #8a3d00;
    --on-light: #000; --on-deep: #fff;
    color-scheme: light;
  }
  @page { margin: 16mm 14mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  section { margin-top: 1.5rem; padding-top: 1rem; }
  h2, h3, section > p, caption { break-inside: avoid; break-after: avoid; }
  .mixed { grid-template-columns: minmax(0, auto) minmax(0, 1fr); gap: 1.5rem; }
  .advice { gap: 1rem; }
  .advice .grid { grid-template-columns: repeat(6, 1fr); max-width: none; }
  .views { justify-content: center; }
  .stack:only-child { max-width: 70%; }
  nav, .switch, dialog { display: none; }
  .scroll { overflow: visible; }
  .closes { grid-template-columns: repeat(3, 1fr); gap: 0.75rem; }
  .close { padding: 0.5rem; }
  .charts { grid-template-columns: 1fr 1fr; }
  .matrix td, .matrix button { width: 1.9rem; min-width: 1.9rem; height: 1.9rem; }
  .matrix td, rect, circle, .key span, .privacy { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .link { color: inherit; text-decoration: none; }
  tr, figure, .figures { break-inside: avoid; }
}
`;
