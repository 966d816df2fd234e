// Who is server and who is worker, as a drawing, and what is to be said for which layout.
import type { Role } from '../../api/types';
import type { Duty, Standing } from '../../cluster/roles';

export const lanes = {
  label: 'Servers and workers',
  hint: 'Drag a machine to the other lane, or click it. With the keyboard, an arrow key or Enter moves it.',
  titles: { server: 'Servers', agent: 'Workers' } satisfies Record<Role, string>,
  duties: {
    control: 'Control plane',
    services: 'Your services',
    lan: 'LAN traffic to their addresses',
  } satisfies Record<Duty, string>,
  empty: {
    server: 'A cluster needs a server. Move a machine here.',
    agent: 'No workers. The servers run your services, too.',
  } satisfies Record<Role, string>,
  moved: { server: '{name} is a server now.', agent: '{name} is a worker now.' } satisfies Record<
    Role,
    string
  >,
  servers: ['server', 'servers'],
  workers: ['worker', 'workers'],
  lost: ['server', 'servers'],
  advice: 'Layout',
  standings: {
    none: {
      title: 'no server yet',
      text: 'One machine has to run the control plane; only then can the others join.',
    },
    alone: {
      title: 'one machine does all',
      text: '{names} runs the control plane and your services. While it is off, everything is off. More machines can join later.',
    },
    simple: {
      title: 'simple',
      text: '{names} is the single point of failure. While it is off, services may go on, but nothing can be changed, and nothing moves to another machine.',
    },
    two: {
      title: 'worse than one server',
      text: '{names} have to agree on every change. When either is off, the other may not act alone.',
    },
    even: {
      title: 'one server too many',
      text: '{majority} of the {servers} have to agree. That survives no more losses than one server fewer would.',
    },
    safe: {
      title: 'survives the loss of {lost}',
      text: '{majority} of the {servers} have to agree. With {lost} off, the cluster works on.',
    },
  } satisfies Record<Standing, { title: string; text: string }>,
  why: {
    title: 'Why not two servers, or four?',
    text: 'Servers decide by majority. Of two, both have to agree: when either is off, the cluster stops, and that happens more often than with one. Four survive the loss of one, as three do, but have one more that can fail.',
    table: 'Servers and majority',
    columns: { servers: 'Servers', majority: 'Have to agree', spare: 'May be off' },
  },
  offers: 'Layouts for your machines',
  offer: {
    1: 'Simple. The server should be the machine that is off least.',
    3: 'Safer. Any one of the servers may be off.',
  },
  whoServes: 'Servers: {names}.',
} as const;
