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

// A condition is awaited for as long as a busy machine may need. Whether an ancestor hides an element is
// asked by toBeVisible where it matters; asked for every element, it takes most of the time here.
configure({ asyncUtilTimeout: 20_000, defaultHidden: true });

// Somebody who has seen the tour; it would speak up in every test.
localStorage.setItem('portico-tour', 'seen');

// index.html says so in the window.
document.documentElement.lang = 'en';
