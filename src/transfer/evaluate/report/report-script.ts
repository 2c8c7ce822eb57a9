/** The page's script. It is written into the report as its own text, so it reaches for nothing outside of itself. */

/** An answer as the script reads it; `known` is `null` where the model cannot tell. */
export type ScriptAnswer = readonly [
  name: string,
  given: number,
  taken: number,
  sure: number,
  ofGiven: number,
  known: boolean | null,
];

export interface ScriptData {
  readonly labels: readonly string[];
  readonly answers: readonly ScriptAnswer[];
}

/** Opens the pictures of a cell in pages, and moves between cells with the arrow keys. */
export function runReport(): void {
  const perPage = 60;
  const textOf = (id: string) => document.getElementById(id)?.textContent ?? '';
  const { labels, answers } = JSON.parse(textOf('answers')) as ScriptData;
  // Read when pictures are first asked for: with thousands of them this is most of the page.
  let thumbnails: readonly (string | null)[] | undefined;
  const thumbnailOf = (i: number) => {
    thumbnails ??= JSON.parse(textOf('thumbnails') || '[]') as (string | null)[];
    return thumbnails[i] ?? null;
  };
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;

  const dialog = document.getElementById('gallery') as HTMLDialogElement;
  const part = <T extends HTMLElement>(selector: string) => dialog.querySelector(selector) as T;
  const [title, grid, place] = [part('h2'), part('.grid'), part('.place')];
  const [back, on, close] = [
    part<HTMLButtonElement>('.back'),
    part<HTMLButtonElement>('.on'),
    part<HTMLButtonElement>('.shut'),
  ];
  let found: number[] = [];
  let page = 0;

  const figureOf = (i: number): HTMLElement => {
    const [name = '', given = 0, taken = 0, sure = 0, ofGiven = 0, known = null] = answers[i] ?? [];
    const figure = document.createElement('figure');
    figure.className = 'thumb';
    const source = thumbnailOf(i);
    if (source) {
      const image = document.createElement('img');
      image.src = source;
      image.alt = name;
      image.decoding = 'async';
      figure.append(image);
    }
    const caption = document.createElement('figcaption');
    const line = (text: string, className: string) => {
      const span = document.createElement('span');
      span.textContent = text;
      span.className = className;
      caption.append(span);
    };
    line(`${labels[taken]} ${percent(sure)}`, given === taken ? 'verdict' : 'verdict wrong');
    if (given !== taken) line(`${labels[given]} ${percent(ofGiven)}`, 'own');
    if (known === false) line('unknown', 'own');
    line(name, 'file');
    figure.append(caption);
    return figure;
  };

  const show = () => {
    const first = page * perPage;
    const last = Math.min(found.length, first + perPage);
    grid.replaceChildren(...found.slice(first, last).map(figureOf));
    place.textContent =
      found.length > perPage
        ? `${(first + 1).toLocaleString('en')}–${last.toLocaleString('en')} of ${found.length.toLocaleString('en')}`
        : '';
    back.hidden = on.hidden = found.length <= perPage;
    back.disabled = page === 0;
    on.disabled = last === found.length;
    dialog.scrollTop = 0;
  };

  const turn = (step: number) => {
    page += step;
    show();
    const [pressed, other] = step > 0 ? [on, back] : [back, on];
    // A button that is switched off loses the focus.
    if (pressed.disabled) other.focus();
  };
  back.addEventListener('click', () => turn(-1));
  on.addEventListener('click', () => turn(1));
  close.addEventListener('click', () => dialog.close());
  // Beside the box is the backdrop, which belongs to the dialog.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });

  const open = ({ given, taken }: DOMStringMap) => {
    found = [...answers.keys()]
      .filter((i) => given === undefined || answers[i]?.[1] === Number(given))
      .filter((i) => taken === undefined || answers[i]?.[2] === Number(taken))
      .sort((a, b) => (answers[b]?.[3] ?? 0) - (answers[a]?.[3] ?? 0));
    page = 0;
    const name = (i: string | undefined) => labels[Number(i)] ?? '';
    const subject =
      taken === undefined
        ? name(given)
        : given === taken
          ? `${name(given)} recognised`
          : `${name(given)} taken for ${name(taken)}`;
    title.textContent = `${subject}: ${found.length.toLocaleString('en')} ${found.length === 1 ? 'picture' : 'pictures'}`;
    show();
    dialog.showModal();
    dialog.scrollTop = 0;
  };
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('button[data-given]') : null;
    if (button) open(button.dataset);
  });

  const steps: Readonly<Record<string, readonly [down: number, right: number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  document.querySelector('.matrix')?.addEventListener('keydown', (event) => {
    const { key, target } = event as KeyboardEvent;
    const step = steps[key];
    const cell = target instanceof Element ? target.closest('td') : null;
    const table = cell?.closest('table');
    const row = cell?.parentElement as HTMLTableRowElement | null;
    if (!step || !cell || !table || !row) return;
    event.preventDefault();
    let [r, c] = [row.rowIndex, cell.cellIndex];
    // Empty cells are passed over.
    for (;;) {
      r += step[0];
      c += step[1];
      const next = r > 0 ? table.rows[r]?.cells[c] : undefined;
      if (!next) return;
      const button = next.querySelector('button');
      if (button) return button.focus();
    }
  });

  const heat = document.getElementById('heat') as HTMLInputElement | null;
  heat?.addEventListener('change', () => document.body.classList.toggle('cold', !heat.checked));
}
