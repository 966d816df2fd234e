import { expect, it, vi } from 'vitest';
import type { Event } from '../api/types';
import { Feed } from './feed';

const log = (seq: number): Event => ({ seq, kind: 'log', run: 'r', step: 's', line: String(seq) });

it('tells each hearer its own kind of event, until it stops', () => {
  const feed = new Feed();
  const heard = vi.fn();
  const other = vi.fn();
  const stop = feed.on('log', heard);
  feed.on('run', other);
  feed.take(log(1));
  stop();
  feed.take(log(2));
  expect(heard.mock.calls).toEqual([[log(1)]]);
  expect(other).not.toHaveBeenCalled();
});

it('loads a snapshot exactly when a number is missing', () => {
  const feed = new Feed();
  const load = vi.fn();
  feed.onGap(load);
  feed.take(log(7));
  feed.take(log(8));
  expect(load).not.toHaveBeenCalled();
  feed.take(log(11));
  expect(load).toHaveBeenCalledOnce();
});

it('ignores what it has heard already', () => {
  const feed = new Feed();
  const heard = vi.fn();
  feed.on('log', heard);
  feed.take(log(3));
  feed.take(log(3));
  feed.take(log(2));
  expect(heard).toHaveBeenCalledOnce();
});
