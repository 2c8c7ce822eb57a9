/** How files come into a page: dropped or pasted. */

/** Hands over the files that are dropped on `target`, which has the class `over` while they hover. */
export function acceptDrops(target: HTMLElement, onFiles: (files: File[]) => void): void {
  const setOver = (isOver: boolean) => target.classList.toggle('over', isOver);
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    setOver(true);
  });
  target.addEventListener('dragleave', () => setOver(false));
  target.addEventListener('drop', (event) => {
    event.preventDefault();
    setOver(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}

/** Hands over the files that are pasted anywhere in the page, until `signal` says otherwise. */
export function acceptPastes(onFiles: (files: File[]) => void, { signal }: { signal: AbortSignal }): void {
  document.addEventListener(
    'paste',
    (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || event.defaultPrevented) return;
      event.preventDefault();
      onFiles(files);
    },
    { signal },
  );
}
