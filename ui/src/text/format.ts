// Numbers, sizes, times and codes as words. Everything goes through Intl in the window's language.
import type { Change, DiffLine, Finding, Problem, Reason, Stage } from '../api/types';
import { phrases, problems, t, type Sentence } from './catalogue';
import { language } from './language';

const { findings, lines, objects, reasons, stages } = phrases;
const number = new Intl.NumberFormat(language);
const oneDigit = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const hand = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const calendar = new Intl.DateTimeFormat(language, { dateStyle: 'full' });
const daysLong = new Intl.NumberFormat(language, {
  style: 'unit',
  unit: 'day',
  unitDisplay: 'long',
  maximumFractionDigits: 1,
});
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
const list = new Intl.ListFormat(language, { type: 'conjunction' });
const plural = new Intl.PluralRules(language);

const share = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });

/** A share from 0 to 1; never rounded up to all of it. */
export const percent = (value: number): string =>
  share.format(value < 1 ? Math.floor(value * 1000) / 1000 : 1);
export const count = (value: number): string => number.format(value);
export const many = (value: number, one: string, other: string): string =>
  `${number.format(value)} ${either(value, one, other)}`;
/** The word for so many, without the number. */
export const either = (value: number, one: string, other: string): string =>
  plural.select(value) === 'one' ? one : other;
export const names = (values: string[]): string => list.format(values);
/** A list cut where each of its members stands, for when these are more than text. */
export const listParts = (values: string[]): { type: 'element' | 'literal'; value: string }[] =>
  list.formatToParts(values);
export const moment = (at: number): string => clock.format(at);
export const timeOfDay = (at: number): string => hand.format(at);
export const date = (at: number): string => calendar.format(at);

/**
 * Puts arguments into a template. For one that is not there, or is empty, the words after `|` stand, or nothing: nobody ever
 * reads braces.
 */
export const fill = (template: string, args: { readonly [key: string]: unknown }): string =>
  template
    .replace(/\{(\w+)(?:\|([^}]*))?\}/g, (_, name: string, otherwise = '') => {
      const known = args[name] ?? '';
      return known === '' ? otherwise : String(known);
    })
    .trim();

/** What happened and what to do; a failure with a known cause says the cause and the cause's own way out. */
export function sentence({ code, args: given }: Problem): Sentence {
  const { what, next } = problems[code] ?? problems.internal;
  const awaited = Object.entries(lines).find(([known]) => known === given.awaited)?.[1];
  const args = awaited ? { ...given, waiting: fill(awaited, given) } : given;
  const cause = Object.entries(problems).find(([known]) => known === args.cause)?.[1];
  return cause
    ? { what: `${fill(what, args)} ${fill(cause.what, args)}`, next: fill(cause.next, args) }
    : { what: fill(what, args), next: fill(next, args) };
}

/** A line of a preview. */
export const lineWords = ({ text, said }: DiffLine): string =>
  said ? fill(lines[said.phrase], said.args) : text;

/** What the check found and what to do about it. */
export function findingWords({ check, args }: Finding): Sentence {
  const { what, next } = findings[check];
  return { what: fill(what, args), next: fill(next, args) };
}

export const reasonWords = (reason: Reason): string => fill(reasons[reason.code], reason);

/** Both halves as one text, for what stands at a field. The first may end in somebody else's words, without a stop. */
export function told(problem: Problem): string {
  const { what, next } = sentence(problem);
  return `${what.replace(/[^.:!?]$/, '$&.')} ${next}`;
}

/** What a step is called. Steps of one stage are told apart by what their id begins or ends with. */
export function stepTitle({ id, stage }: { id: string; stage: Stage }): string {
  const known = objects[stage];
  const slash = id.lastIndexOf('/');
  return known?.[id] ?? known?.[id.slice(slash + 1)] ?? known?.[id.slice(0, slash)] ?? stages[stage];
}

export function changeTitle(change: Change): string {
  const titles = t.run.titles;
  switch (change.kind) {
    case 'buildCluster':
      return fill(titles.build, { name: change.document.name });
    case 'setUpStack':
      return titles.setUpStack[change.stack.names.kind];
    case 'reconcile':
      return titles.reconcile;
    case 'component':
      return fill(titles.component[change.act.kind], { name: change.component });
    case 'moveIngress':
      return fill(titles.moveIngress, { name: t.stack.ingress.names[change.to] });
    case 'expose':
      return fill(titles[change.exposure.reach], { ...change.exposure });
    case 'hide':
      return fill(titles.hide, { ...change.exposure });
  }
}

/** Memory, disks and files, from KiB, in the unit that is printed on the box. */
export function size(kib: number): string {
  const gib = kib / 1024 / 1024;
  return gib >= 1
    ? `${oneDigit.format(gib >= 10 ? Math.round(gib) : gib)} GB`
    : kib >= 1024
      ? `${Math.round(kib / 1024)} MB`
      : `${Math.ceil(kib)} KB`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return t.times.instant;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${oneDigit.format(seconds / 3600)} h`;
  return daysLong.format(seconds / 86_400);
}

export function ago(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  if (seconds > -1) return t.times.now;
  if (seconds > -90) return relative.format(seconds, 'second');
  if (seconds > -5400) return relative.format(Math.round(seconds / 60), 'minute');
  if (seconds > -129_600) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86_400), 'day');
}
