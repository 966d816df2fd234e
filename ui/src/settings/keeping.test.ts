import { expect, it } from 'vitest';
import { deletes, numberIn, read, typed } from './keeping';

const kept = { minuteDays: 1, hourDays: 31, dayYears: 10 };

it.each([
  ['minuteDays', '1', 1],
  ['minuteDays', ' 14 ', 14],
  ['minuteDays', '0', null],
  ['minuteDays', '', null],
  ['minuteDays', '1.5', null],
  ['minuteDays', '-1', null],
  ['hourDays', '1', null],
  ['hourDays', '2', 2],
  ['hourDays', '99999', null],
  ['dayYears', '101', null],
  ['dayYears', '1e1', null],
] as const)('%s: “%s” is %s', (field, text, value) => expect(numberIn(field, text, kept)).toBe(value));

it('what the command line set beyond the limits may stay', () => {
  const more = { ...kept, minuteDays: 4000 };
  expect(read({ ...typed(more), dayYears: '9' }, more)).toEqual({ ...more, dayYears: 9 });
  expect(read({ ...typed(more), minuteDays: '4001' }, more)).toBeNull();
});
it('less of anything deletes, more of it does not', () => {
  expect(deletes({ ...kept, hourDays: 30, dayYears: 20 }, kept)).toBe(true);
  expect(deletes({ ...kept, hourDays: 62 }, kept)).toBe(false);
});
