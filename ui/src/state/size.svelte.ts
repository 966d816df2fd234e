// How large everything is drawn. Type and widths are in rem, so the root's font size carries the whole window.
export const sizes = [100, 115, 130, 150, 200] as const;
export type Size = (typeof sizes)[number];
const key = 'portico-size';
const isSize = (value: number): value is Size => sizes.includes(value as Size);

class TextSize {
  percent = $state<Size>(100);
  /** For what is measured in pixels: the drawing of the flow. */
  readonly scale = $derived(this.percent / 100);

  /** Before anything is laid out: Chromium does not ask again how wide an old container is in rem. */
  start(): void {
    const kept = Number(localStorage.getItem(key));
    if (isSize(kept)) this.percent = kept;
    this.#apply();
  }

  choose(percent: Size): void {
    this.percent = percent;
    localStorage.setItem(key, String(percent));
    this.#apply();
  }

  #apply(): void {
    document.documentElement.style.fontSize = `${this.percent}%`;
  }
}

export const textSize = new TextSize();
