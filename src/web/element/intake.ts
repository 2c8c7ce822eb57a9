/** How files come into a page: dropped or pasted. */

/** At least one file. */
export type Files = readonly [File, ...File[]];

/** Hands over the files that are dropped on `target`, which has the class `over` while they hover. */
export function acceptDrops(target: HTMLElement, onFiles: (files: Files) => void): void {
  const setOver = (isOver: boolean) => target.classList.toggle('over', isOver);
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    setOver(true);
  });
  target.addEventListener('dragleave', () => setOver(false));
  target.addEventListener('drop', (event) => {
    event.preventDefault();
    setOver(false);
    const [first, ...others] = event.dataTransfer?.files ?? [];
    if (first) onFiles([first, ...others]);
  });
}

export interface PasteOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** Asked at each paste. Default: always. */
  isWanted?: () => boolean;
}

/** Hands over the files that are pasted anywhere in the page, until `signal` says otherwise. */
export function acceptPastes(
  onFiles: (files: Files) => void,
  { signal, isWanted = () => true }: PasteOptions,
): void {
  document.addEventListener(
    'paste',
    (event) => {
      const [first, ...others] = event.clipboardData?.files ?? [];
      if (!first || event.defaultPrevented || !isWanted()) return;
      event.preventDefault();
      onFiles([first, ...others]);
    },
    { signal },
  );
}
