import { type StrangerRule, withReject } from '../../classifier/strangers.js';
import { printable } from '../../printable.js';
import { findElement as find } from '../find-element.js';
import { button, element } from './elements.js';
import type { Trained } from './studio-protocol.js';
import {
  type Answer,
  answersOf,
  confusionOf,
  count,
  describeEstimate,
  describeTurnedAway,
  isRight,
  worstOf,
} from './studio-report.js';

/** A picture of the page, for showing it. */
export interface Shown {
  readonly name: string;
  /** Address of a small picture. */
  readonly thumbnail: string;
}

export type ReportedModel = Pick<Trained, 'labels' | 'guesses' | 'rule'>;

/** As many mistakes as one looks through. */
const mostMistakes = 12;

/** How well the model does: in words, class by class, and with the pictures that it took for something else. */
export class ReportPanel {
  readonly #root = find('#report');
  readonly #dialog = find<HTMLDialogElement>('#pictures-dialog');
  readonly #findPicture: (content: string) => Shown | undefined;

  readonly #slider = find<HTMLInputElement>('#reject');
  #model?: ReportedModel;

  /**
   * @param findPicture finds a picture by its hash; it may have been removed since
   * @param onRule called when the visitor wants another rule for what counts as known
   */
  constructor(
    findPicture: (content: string) => Shown | undefined,
    { onRule }: { onRule: (rule: StrangerRule) => void },
  ) {
    this.#findPicture = findPicture;
    const rule = () => this.#model?.rule && withReject(this.#model.rule, Number(this.#slider.value) / 100);
    this.#slider.addEventListener('input', () => {
      const next = rule();
      if (this.#model && next) this.#render({ ...this.#model, rule: next });
    });
    this.#slider.addEventListener('change', () => {
      const next = rule();
      if (next) onRule(next);
    });
    find('#pictures-close').addEventListener('click', () => this.#dialog.close());
    // A press beside it closes it, too.
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
  }

  hide(): void {
    this.#root.hidden = true;
    this.#dialog.close();
  }

  show(model: ReportedModel): void {
    this.#model = model;
    const { rule } = model;
    find('#none-of-these').hidden = !rule;
    if (rule) this.#slider.value = String(Math.round(rule.reject * 100));
    this.#render(model);
  }

  #render({ labels, guesses, rule }: ReportedModel): void {
    this.#root.hidden = guesses.length === 0;
    const answers = answersOf(guesses, rule?.threshold ?? null);
    const cells = confusionOf(answers, labels.length);
    find('#estimate').textContent = [describeEstimate(answers), describeTurnedAway(answers)]
      .filter(Boolean)
      .join(' ');
    find('#per-class').replaceChildren(
      ...labels.map((label, i) => this.#renderClass(label, cells[i] ?? [], i)),
    );
    this.#renderConfusion(labels, cells);
    const away = answers
      .filter(({ isKnown }) => !isKnown)
      .sort((a, b) => (a.familiarity ?? 0) - (b.familiarity ?? 0));
    find('#reject-words').textContent =
      away.length === 0
        ? `It would say “unknown” to none of your ${count(answers.length, 'picture')}.`
        : `It would say “unknown” to ${away.length} of your ${count(answers.length, 'picture')}, those least like the others:`;
    find('#turned-away').replaceChildren(
      ...away.slice(0, mostMistakes).map((answer) => this.#renderPicture(answer, labels)),
    );
    const worst = worstOf(answers);
    find('#no-mistakes').hidden = worst.length > 0;
    find('#mistakes').replaceChildren(
      ...worst.slice(0, mostMistakes).map((answer) => this.#renderPicture(answer, labels)),
    );
  }

  #renderClass(label: string, row: readonly (readonly Answer[])[], index: number): HTMLLIElement {
    const all = row.flat();
    const right = row[index]?.length ?? 0;
    const meter = element('div', { className: 'meter' }, [element('div')]);
    const bar = meter.firstElementChild as HTMLElement;
    bar.style.width = `${(100 * right) / Math.max(1, all.length)}%`;
    const words =
      all.length === 0 ? 'too few pictures to check' : `${right} of ${count(all.length, 'picture')}`;
    return element('li', {}, [
      element('span', { className: 'label', textContent: printable(label) }),
      element('span', { className: 'count', textContent: words }),
      meter,
    ]);
  }

  #renderConfusion(labels: readonly string[], cells: readonly (readonly (readonly Answer[])[])[]): void {
    const hasUnknown = cells.some((row) => (row[labels.length]?.length ?? 0) > 0);
    const columns = hasUnknown ? [...labels, 'unknown'] : labels;
    const heading = (text: string, scope: string) =>
      element('th', { scope, textContent: printable(text), title: printable(text) });
    const head = element('tr', {}, [
      element('td', { textContent: 'really ↓ taken for →' }),
      ...columns.map((label) => heading(label, 'col')),
    ]);
    const rows = labels.map((label, row) =>
      element('tr', {}, [
        heading(label, 'row'),
        ...columns.map((taken, column) => {
          const answers = cells[row]?.[column] ?? [];
          const cell = element('td', { className: row === column ? 'right' : '' });
          if (answers.length === 0) return cell;
          cell.classList.toggle('wrong', row !== column);
          const words = row === column ? 'recognised' : takenFor(taken, column < labels.length);
          const open = button(String(answers.length), {
            ariaLabel: printable(`${count(answers.length, 'picture')} of “${label}”, ${words}`),
          });
          open.addEventListener('click', () => this.#open(open.ariaLabel ?? '', answers, labels));
          cell.append(open);
          return cell;
        }),
      ]),
    );
    find('#confusion').replaceChildren(element('thead', {}, [head]), element('tbody', {}, rows));
  }

  #open(title: string, answers: readonly Answer[], labels: readonly string[]): void {
    find('#pictures-heading').textContent = title;
    const surest = answers.toSorted((a, b) => b.share - a.share);
    find('#pictures-list').replaceChildren(...surest.map((answer) => this.#renderPicture(answer, labels)));
    this.#dialog.showModal();
  }

  #renderPicture(answer: Answer, labels: readonly string[]): HTMLLIElement {
    const { content, label, guess, share, isKnown } = answer;
    const shown = this.#findPicture(content);
    const name = shown ? printable(shown.name) : 'a picture that was removed';
    const picture = shown
      ? element('img', { src: shown.thumbnail, alt: name, title: name })
      : element('span', { className: 'gone', textContent: 'removed' });
    const taken = `${labels[guess] ?? ''}, ${Math.round(share * 100)}%`;
    const caption = isRight(answer)
      ? [element('strong', { textContent: printable(taken) })]
      : [
          `is ${printable(labels[label] ?? '')}, taken for `,
          element('strong', { textContent: isKnown ? printable(taken) : 'unknown' }),
          ...(isKnown ? [] : [`, nearest ${printable(taken)}`]),
        ];
    return element('li', {}, [picture, element('span', {}, caption)]);
  }
}

const takenFor = (label: string, isClass: boolean): string =>
  isClass ? `taken for “${label}”` : 'called unknown';
