// A machine that hangs on the pointer, on its way from lane to lane. Pointer events carry it, as they are the
// same for mouse, finger and pen in every webview, which drag and drop is not.
import type { Role } from '../api/types';

/** What is less than this, in pixels, is the tremor of a click. */
const tremor = 5;

interface Press {
  name: string;
  tile: HTMLElement;
  pointer: number;
  x: number;
  y: number;
}

export class Carry {
  /** Which machine; none before the pointer has left the place where it was pressed. */
  name = $state<string | null>(null);
  x = $state(0);
  y = $state(0);
  over = $state<Role | null>(null);
  #pressed: Press | null = null;
  #carried = false;

  constructor(
    readonly laneAt: (x: number, y: number) => Role | null,
    readonly drop: (name: string, role: Role) => void,
  ) {}

  press(event: PointerEvent & { currentTarget: HTMLElement }, name: string): void {
    if (event.button !== 0 || !event.isPrimary) return;
    const { currentTarget: tile, pointerId: pointer, clientX: x, clientY: y } = event;
    this.#pressed = { name, tile, pointer, x, y };
    this.#carried = false;
  }

  move(event: PointerEvent): void {
    const from = this.#pressed;
    if (from?.pointer !== event.pointerId) return;
    // It was let go where nobody could see it.
    if (event.buttons === 0) return this.leave();
    [this.x, this.y] = [event.clientX - from.x, event.clientY - from.y];
    if (this.name === null) {
      if (Math.hypot(this.x, this.y) < tremor) return;
      this.name = from.name;
      this.#carried = true;
      from.tile.setPointerCapture(from.pointer);
    }
    this.over = this.laneAt(event.clientX, event.clientY);
  }

  release(event: PointerEvent): void {
    if (this.#pressed?.pointer !== event.pointerId) return;
    const { name, over } = this;
    this.leave();
    if (name !== null && over !== null) this.drop(name, over);
  }

  /** Back to where it came from. */
  leave(): void {
    this.name = this.over = this.#pressed = null;
  }

  /** Whether it is a click of its own, and not the one that browsers tell after something was carried. */
  clicks({ detail }: MouseEvent): boolean {
    return detail === 0 || !this.#carried;
  }
}
