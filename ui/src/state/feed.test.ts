import { expect, it, vi } from 'vitest';
import type { Event } from '../api/types';
import { Feed } from './feed';

const event = (seq: number): Event => ({ seq, kind: 'scan-progress', scan: 's', done: seq, total: 9 });

it('tells each hearer its own kind of event, until it stops', () => {
  const feed = new Feed();
  const heard = vi.fn();
  const other = vi.fn();
  const stop = feed.on('scan-progress', heard);
  feed.on('scan-done', other);
  feed.take(event(1));
  stop();
  feed.take(event(2));
  expect(heard.mock.calls).toEqual([[event(1)]]);
  expect(other).not.toHaveBeenCalled();
});

it('loads a snapshot exactly when a number is missing', () => {
  const feed = new Feed();
  const load = vi.fn();
  feed.onGap(load);
  feed.take(event(7));
  feed.take(event(8));
  expect(load).not.toHaveBeenCalled();
  feed.take(event(11));
  expect(load).toHaveBeenCalledOnce();
});

it('ignores what it has heard already', () => {
  const feed = new Feed();
  const heard = vi.fn();
  feed.on('scan-progress', heard);
  feed.take(event(3));
  feed.take(event(3));
  feed.take(event(2));
  expect(heard).toHaveBeenCalledOnce();
});
