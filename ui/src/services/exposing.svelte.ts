// An exposure on its way: who is let in, and the explicit yes to what stands in its way. A yes holds for the one
// name that it was said for.
import { Changing } from '../change/changing.svelte';
import type { Code, Exposure, Problem, Reach } from '../api/types';
import type { Opened } from './choices';
import { emailsIn } from './reach';

/** Somebody else's: it can be taken over, if the person says so. */
const adoptable: readonly Code[] = ['record-conflict', 'route-conflict', 'foreign-object'];
/** Said where the reach is chosen. */
export const atReach: readonly Code[] = ['no-tunnel', 'ingress-not-accepted'];

export class Exposing extends Changing {
  reach = $state<Reach>('lan');
  emails = $state('');
  acceptRetired = $state(false);
  adopt = $state(false);
  conflict = $state<Problem | null>(null);
  #conflictAt = $state('');

  /** What was asked for last. It is there, if half done, once its run began: it is not in its own way. */
  asked = $state.raw<Exposure | null>(null);
  readonly typed = $derived(emailsIn(this.emails));

  constructor(present?: Exposure) {
    super();
    this.reach = present?.reach ?? 'lan';
    this.emails = present?.access.join(', ') ?? '';
  }

  conflictFor(hostname: string): Problem | null {
    return this.#conflictAt === hostname ? this.conflict : null;
  }

  async expose(opened: Opened): Promise<void> {
    if (this.reach === 'public' && this.typed.wrong !== null) return;
    const adopt = this.adopt && this.conflictFor(opened.hostname) !== null;
    const access = this.reach === 'public' ? this.typed.emails : [];
    const exposure = { ...opened, reach: this.reach, access };
    this.asked = exposure;
    const change = { kind: 'expose' as const, exposure, adopt, acceptRetired: this.acceptRetired };
    await this.preview(change, ({ hindrance }) => {
      if (adopt || hindrance === null || !adoptable.includes(hindrance.code)) return false;
      this.conflict = hindrance;
      this.#conflictAt = opened.hostname;
      this.adopt = false;
      return true;
    });
  }
}
