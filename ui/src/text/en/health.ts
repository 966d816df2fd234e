// The words of the page Health; what each condition is called are the sentences of its code, in problems.ts.
import type { Badge, Grade } from '../../health/grades';
import type { Snooze, Span } from '../../health/until';

export const conditions = {
  grades: { down: 'Down', degraded: 'Degraded', notice: 'Notice' } satisfies Record<Grade, string>,
  counts: {
    down: ['down', 'down'],
    degraded: ['degraded', 'degraded'],
    notice: ['notice', 'notices'],
  } satisfies Record<Grade, readonly [string, string]>,
  /** Beside the page's name there is little room. */
  badge: { down: ['down', 'down'], degraded: ['degraded', 'degraded'] } satisfies Record<
    Badge['grade'],
    readonly [string, string]
  >,
  now: 'What is wrong now',
  began: 'Began {when}',
  touches: 'Touches',
  more: 'and {count} more',
  inFlow: 'Show {name} in the flow',
  why: 'Why?',
  whyOf: 'Why? The way to {hostname}',
  evidence: 'Evidence',
  id: 'Condition',
  first: 'Seen first',

  anew: 'Write records anew',
  exposeAgain: 'Expose {name} again',
  fixOf: '{act}: {what}',
  fixed: 'Done. Portico looks whether it is over.',
  toStack: 'To the page Stack',
  toAlerts: 'Who is told',

  know: 'I know',
  knowNote: 'Nobody is told of it until it is over.',
  remind: 'Remind me',
  snoozes: {
    hour: 'In 1 hour',
    hours: 'In 8 hours',
    tomorrow: 'Tomorrow morning',
  } satisfies Record<Snooze, string>,
  quiet: 'Known',
  quietNote: 'Nobody is told of these.',
  acknowledged: 'You know of it: quiet until it is over.',
  snoozed: 'Quiet until {when}.',
  workedOn: '{subjects}: being worked on until {when}.',
  workedOnOpen: '{subjects}: being worked on until you end it.',
  undo: 'Tell me again',
  undoOf: 'Tell me again: {what}',

  wellTitle: 'All is well',
  knownTitle: 'All else is well',
  wellText: 'Portico looks at your cluster again and again while it runs, also in the tray.',
  watched: ['service is watched.', 'services are watched.'],
  needCluster: 'Here stands what is wrong, why, and what puts it right. It takes a cluster to look at.',

  maintenance: 'Maintenance',
  maintenanceText:
    'Say what you work on, and nobody is told of what is wrong with it meanwhile. It is still looked at.',
  subject: 'Machine or service',
  choose: 'Choose one',
  machine: '{name} (machine)',
  span: 'For how long',
  spans: {
    hour: '1 hour',
    hours: '4 hours',
    day: 'A day',
    open: 'Until I end it',
  } satisfies Record<Span, string>,
  begin: 'Begin',
  worksLabel: 'What is being worked on',
  until: 'until {when}',
  untilEnded: 'until you end it',
  noWorks: 'Nothing is being worked on.',
  end: 'End',
  endOf: 'End the work on {subject}',
} as const;
