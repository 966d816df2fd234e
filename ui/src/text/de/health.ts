// The page Health, in German.
import type { conditions as english } from '../en/health';
import type { Widened } from '../widened';

export const conditions: Widened<typeof english> = {
  grades: { down: 'Ausgefallen', degraded: 'Eingeschränkt', notice: 'Hinweis' },
  counts: {
    down: ['ausgefallen', 'ausgefallen'],
    degraded: ['eingeschränkt', 'eingeschränkt'],
    notice: ['Hinweis', 'Hinweise'],
  },
  badge: { down: ['Ausfall', 'Ausfälle'], degraded: ['Mangel', 'Mängel'] },
  now: 'Was jetzt nicht stimmt',
  began: 'Begann {when}',
  touches: 'Betrifft',
  more: 'und {count} weitere',
  inFlow: '{name} im Fluss zeigen',
  why: 'Warum?',
  whyOf: 'Warum? Der Weg zu {hostname}',
  evidence: 'Belege',
  id: 'Befund',
  first: 'Zuerst gesehen',

  anew: 'Einträge neu schreiben',
  exposeAgain: '{name} erneut öffnen',
  fixOf: '{act}: {what}',
  fixed: 'Fertig. Portico sieht nach, ob es vorbei ist.',
  toStack: 'Zur Seite Stack',
  toAlerts: 'Wer es erfährt',

  know: 'Ich weiß',
  knowNote: 'Niemand hört davon, bis es vorbei ist.',
  remind: 'Erinnere mich',
  snoozes: { hour: 'In 1 Stunde', hours: 'In 8 Stunden', tomorrow: 'Morgen früh' },
  quiet: 'Bekannt',
  quietNote: 'Davon hört niemand.',
  acknowledged: 'Du weißt davon: still, bis es vorbei ist.',
  snoozed: 'Still bis {when}.',
  workedOn: '{subjects}: Arbeit daran bis {when}.',
  workedOnOpen: '{subjects}: Arbeit daran, bis du sie beendest.',
  undo: 'Wieder melden',
  undoOf: 'Wieder melden: {what}',

  wellTitle: 'Alles in Ordnung',
  knownTitle: 'Sonst ist alles in Ordnung',
  wellText: 'Portico sieht immer wieder nach deinem Cluster, solange es läuft, auch im Infobereich.',
  watched: ['Dienst wird beobachtet.', 'Dienste werden beobachtet.'],
  needCluster:
    'Hier steht, was nicht stimmt, warum, und was es in Ordnung bringt. Dazu braucht es einen Cluster.',

  maintenance: 'Wartung',
  maintenanceText:
    'Sag, woran du arbeitest, und niemand hört inzwischen davon, was daran nicht stimmt. Angesehen wird es weiterhin.',
  subject: 'Rechner oder Dienst',
  choose: 'Bitte wählen',
  machine: '{name} (Rechner)',
  span: 'Wie lange',
  spans: { hour: '1 Stunde', hours: '4 Stunden', day: 'Einen Tag', open: 'Bis ich sie beende' },
  begin: 'Beginnen',
  worksLabel: 'Woran gearbeitet wird',
  until: 'bis {when}',
  untilEnded: 'bis du sie beendest',
  noWorks: 'An nichts wird gearbeitet.',
  end: 'Beenden',
  endOf: 'Arbeit an {subject} beenden',
};
