// What comes faster than it can be seen is shown once for each frame, the latest alone. A window that nobody sees has no
// frames, so that it takes what came last now and then.

const UNSEEN = 1000;

export function perFrame<T>(show: (latest: T) => void): (value: T) => void {
  let waiting: { value: T } | null = null;
  const flush = () => {
    const latest = waiting;
    waiting = null;
    if (latest) show(latest.value);
  };
  return (value) => {
    const isWaiting = waiting !== null;
    waiting = { value };
    if (isWaiting) return;
    if (document.hidden) setTimeout(flush, UNSEEN);
    else requestAnimationFrame(flush);
  };
}

/** Asks again when it was asked for, but never while an answer is on its way, nor for `pause` ms after it: then once more
 * for all that asked meanwhile. */
export function inTurn(ask: () => Promise<void>, pause = 0): () => void {
  let state: 'idle' | 'asking' | 'again' = 'idle';
  const run = async () => {
    do {
      state = 'asking';
      await ask();
      if (pause > 0) await new Promise((over) => setTimeout(over, pause));
      // While it was waited for, somebody may have asked again.
    } while ((state as string) === 'again');
    state = 'idle';
  };
  return () => {
    if (state === 'idle') void run();
    else state = 'again';
  };
}

/** How long the lists beside the picture rest between two answers: pictures may come many times a second. */
export const REST = 1000;
