// A plan's steps by machine, in the plan's order; steps of no machine come last, as they run last.
import type { Plan, PlanStep } from '../api/types';

export interface Group {
  machine: string | null;
  steps: PlanStep[];
}

export function groups(steps: PlanStep[]): Group[] {
  const byMachine = new Map<string | null, PlanStep[]>();
  for (const step of steps) byMachine.set(step.machine, [...(byMachine.get(step.machine) ?? []), step]);
  const all = [...byMachine].map(([machine, own]) => ({ machine, steps: own }));
  return [...all.filter((group) => group.machine !== null), ...all.filter((group) => group.machine === null)];
}

export const toDo = (steps: PlanStep[]): number => steps.filter((step) => step.state.kind !== 'done').length;
export const isBlocked = (plan: Plan): boolean => plan.steps.some((step) => step.state.kind === 'blocked');
