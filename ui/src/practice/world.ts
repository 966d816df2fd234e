// From home to practice and back. Every page begins anew: nothing of one world is shown in the other.
import { call } from '../api/door';
import { keeping } from '../state/keeping.svelte';
import { forget } from '../state/kept';

export async function openWorld(world: { practice: boolean; anew: boolean }): Promise<void> {
  const goOn = keeping.pause();
  try {
    await call('world-open', world);
  } catch (error) {
    goOn();
    throw error;
  }
  // Its machines are as they were in the beginning, and nobody has picked any.
  if (world.practice && world.anew) forget('practice');
  location.hash = '';
  location.reload();
}
