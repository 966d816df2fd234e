// Lets things glide to where the document puts them, from where they were seen before.
import { tick } from 'svelte';

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Places are relative to the ground, so that nothing moves when only the ground does. */
function places(ground: HTMLElement): Map<string, { x: number; y: number; element: HTMLElement }> {
  const origin = ground.getBoundingClientRect();
  const elements = [...ground.querySelectorAll<HTMLElement>('[data-glides]')];
  return new Map(
    elements.map((element) => {
      const { left, top } = element.getBoundingClientRect();
      return [element.dataset.glides ?? '', { x: left - origin.left, y: top - origin.top, element }];
    }),
  );
}

/** To be called before the document changes. An element is known by its `data-glides`, even if it is made anew. */
export async function glide(ground: HTMLElement): Promise<void> {
  if (still()) return;
  const before = places(ground);
  await tick();
  for (const [name, { x, y, element }] of places(ground)) {
    const from = before.get(name);
    if (!from || (from.x === x && from.y === y)) continue;
    element.animate([{ transform: `translate(${from.x - x}px, ${from.y - y}px)` }, { transform: 'none' }], {
      duration: 180,
      easing: 'cubic-bezier(0.2, 0, 0, 1)',
    });
  }
}
