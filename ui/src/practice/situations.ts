// The switches of practice as they are laid out: by machine, and those about all of it.
import type { Rehearsal, RehearsalLogin, Situation } from '../api/types';

export interface MachineSwitches {
  machine: RehearsalLogin;
  switches: Situation[];
}

export function laidOut({ machines, situations }: Pick<Rehearsal, 'machines' | 'situations'>): {
  machines: MachineSwitches[];
  others: Situation[];
} {
  const names = new Set(machines.map(({ name }) => name));
  return {
    machines: machines.map((machine) => ({
      machine,
      switches: situations.filter(({ subject }) => subject === machine.name),
    })),
    others: situations.filter(({ subject }) => subject === null || !names.has(subject)),
  };
}
