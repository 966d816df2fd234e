import { expect, it, vi } from 'vitest';
import { inTurn, perFrame } from './frame';

it('shows the latest of what came within a frame, once', async () => {
  const show = vi.fn();
  const take = perFrame(show);
  [1, 2, 3].forEach(take);
  expect(show).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(show).toHaveBeenCalledExactlyOnceWith(3));
  take(4);
  await vi.waitFor(() => expect(show).toHaveBeenLastCalledWith(4));
});

it('asks one question at a time, and once more for all that were asked meanwhile', async () => {
  const answers: (() => void)[] = [];
  const asked = vi.fn(() => new Promise<void>((answer) => answers.push(answer)));
  const ask = inTurn(asked);
  [1, 2, 3].forEach(ask);
  expect(asked).toHaveBeenCalledTimes(1);
  answers.shift()?.();
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2));
  answers.shift()?.();
  await Promise.resolve();
  ask();
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(3));
});

it('rests between two answers when it is told to', async () => {
  vi.useFakeTimers();
  const asked = vi.fn(() => Promise.resolve());
  const ask = inTurn(asked, 1000);
  [1, 2, 3].forEach(ask);
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1000);
  ask();
  expect(asked).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});
