// Steps by machine, in the plan's order; steps of no machine come last, as they run last. The same for a
// plan that is read and for a run that is watched.
import type { PlanStep } from '../api/types';

export interface Group<T> {
  machine: string | null;
  steps: T[];
}

export function groups<T extends { machine: string | null }>(steps: readonly T[]): Group<T>[] {
  const machines = [...new Set(steps.map((step) => step.machine))];
  const named = machines.filter((machine) => machine !== null);
  return [...named, ...machines.filter((machine) => machine === null)].map((machine) => ({
    machine,
    steps: steps.filter((step) => step.machine === machine),
  }));
}

export const toDo = (steps: readonly PlanStep[]): number =>
  steps.filter((step) => step.verdict.state !== 'yes').length;
