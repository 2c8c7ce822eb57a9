/**
 * The first element that a selector names.
 *
 * @param root the document or shadow tree to look in. Default: the page.
 * @throws Error where there is none
 */
export function findElement<E extends Element = HTMLElement>(
  selector: string,
  root: ParentNode = document,
): E {
  const found = root.querySelector<E>(selector);
  if (!found) throw new Error(`Expected an element '${selector}' in the page. Received: none.`);
  return found;
}
