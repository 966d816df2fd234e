// From home to practice and back. Every page begins anew: nothing of one world is shown in the other.
import { call } from '../api/door';

export async function openWorld(world: { practice: boolean; anew: boolean }): Promise<void> {
  await call('world-open', world);
  location.hash = '';
  location.reload();
}
