/**
 * Text and addresses that this package wrote itself, for pages that want such marked
 * (`Content-Security-Policy: require-trusted-types-for 'script'; trusted-types ort-transfer`).
 */

interface Policy {
  createHTML(text: string): string;
  createScriptURL(address: string): string;
}

const policy = makePolicy();

/** Undefined where a browser has no trusted types, or the page allows no policy of this name. */
function makePolicy(): Policy | undefined {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: Policy): Policy };
  };
  const same = (text: string) => text;
  try {
    return trustedTypes?.createPolicy('ort-transfer', { createHTML: same, createScriptURL: same });
  } catch {
    return undefined;
  }
}

export const trustedHtml = (html: string): string => policy?.createHTML(html) ?? html;

export const trustedScript = (address: URL): string => policy?.createScriptURL(address.href) ?? address.href;
