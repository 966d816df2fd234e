// What can be done about a component, by how it is.
import type { ComponentAct, ComponentState, Pin, Stack, StackComponent } from '../api/types';

export type Act = 'install' | 'repair' | 'upgrade' | 'remove' | 'setUp' | 'move';
export type Standing = 'healthy' | 'waiting' | 'problem' | 'absent';

export const standing = ({ wanted, healthy, problem }: ComponentState): Standing =>
  !wanted ? 'absent' : healthy ? 'healthy' : problem ? 'problem' : 'waiting';

const isIngress = (component: StackComponent) => component === 'ingress-nginx' || component === 'traefik';
/** Without an authority or a tunnel's name there is nothing that it could do. */
const lacksWish = (component: StackComponent, stack: Stack) =>
  (component === 'cert-manager' && stack.acme === null && stack.names.kind === 'cloudflare') ||
  (component === 'cloudflared' && stack.tunnel === null);

/** The controller that serves is moved from, never removed; K3s' own has the version that K3s brings. */
export function acts(state: ComponentState, stack: Stack): Act[] {
  const { component, version } = state;
  const ingress = isIngress(component);
  if (!state.wanted) return [ingress ? 'move' : lacksWish(component, stack) ? 'setUp' : 'install'];
  const mend: Act[] = state.healthy ? [] : [state.problem ? 'repair' : 'install'];
  return [
    ...mend,
    ...(version === null ? [] : ['upgrade' as const]),
    ...(ingress ? [] : ['remove' as const]),
  ];
}

export const noPin: Pin = { version: null, repository: null, image: null };

export const actOf = (act: 'install' | 'repair' | 'remove', pin: Pin | undefined): ComponentAct =>
  act === 'install' ? { kind: 'install', pin: pin ?? noPin } : { kind: act };
