// The pages of the window, in the order in which they are listed.
export const pages = [
  'setup',
  'flow',
  'health',
  'services',
  'machines',
  'cluster',
  'stack',
  'credentials',
  'runs',
  'history',
  'practice',
  'settings',
] as const;
export type Page = (typeof pages)[number];
