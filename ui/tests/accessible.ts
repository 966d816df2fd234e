// axe over what is on screen: zero violations, no baseline. Contrast needs real layout, so it is looked at
// in the browser tests instead.
import axe from 'axe-core';
import { expect } from 'vitest';

const off = (...rules: string[]) => Object.fromEntries(rules.map((rule) => [rule, { enabled: false }]));
const page = ['document-title', 'landmark-one-main', 'page-has-heading-one', 'region'];

/** `part`: a component stands alone, so what only a whole page can have is not asked for. */
export async function accessible(what: 'page' | 'part' = 'page'): Promise<void> {
  const rules = off('color-contrast', ...(what === 'part' ? page : []));
  const { violations } = await axe.run(document, { rules });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}
