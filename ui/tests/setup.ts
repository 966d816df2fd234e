// What happy-dom lacks, and the matchers. Nothing here stands in for code of our own.
import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/svelte';
import { afterEach } from 'vitest';

class Watcher {
  observe() {
    // Nothing is laid out here, so nothing ever changes its size.
  }
  unobserve() {
    // See observe.
  }
  disconnect() {
    // See observe.
  }
}
globalThis.ResizeObserver ??= Watcher as unknown as typeof ResizeObserver;

afterEach(() => cleanup());

// A condition is awaited for as long as a busy machine may need.
configure({ asyncUtilTimeout: 20_000 });

// index.html says so in the window.
document.documentElement.lang = 'en';
