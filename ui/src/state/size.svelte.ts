// How large everything is drawn. The whole window grows, not the letters alone: nothing is cut off that way.
export const sizes = [100, 115, 130, 150, 200] as const;
export type Size = (typeof sizes)[number];
const key = 'portico-size';
const isSize = (value: number): value is Size => sizes.includes(value as Size);

class TextSize {
  percent = $state<Size>(100);

  start(): void {
    const kept = Number(localStorage.getItem(key));
    if (isSize(kept)) this.percent = kept;
  }

  choose(percent: Size): void {
    this.percent = percent;
    localStorage.setItem(key, String(percent));
  }
}

export const textSize = new TextSize();
