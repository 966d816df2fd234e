// The words of the practice homelab: its page, its switches, and the way there and back.
import type { SituationKind } from '../../api/types';

export const practice = {
  intro:
    'Six machines, a Cloudflare account with two zones, name servers: all of it inside this program. It speaks the protocols of the real ones and refuses what they refuse. Break it and see what Portico says.',
  switches: 'What goes wrong',
  switchesNote:
    'Throw a switch, then look at Flow: what is broken is red, and what only hangs below it is quiet.',
  situations: {
    'machine-off': { name: 'Unplugged', note: 'As if somebody had pulled the plug.' },
    'disk-full': { name: 'Disk full', note: 'Nothing more fits on it.' },
    'internet-down': {
      name: 'The internet is down',
      note: 'Nothing out there answers: no public name, no name server, no Cloudflare. What runs at home goes on.',
    },
    'token-revoked': {
      name: 'The token is revoked',
      note: 'Cloudflare no longer knows the token that Portico has.',
    },
    'wildcard-added': {
      name: 'Somebody adds a wildcard record',
      note: 'Every name of {subject} without a record of its own now leads elsewhere.',
    },
    'certificate-refused': {
      name: 'Certificates are refused',
      note: 'The authority does not accept the proof that a name is yours. Certificates that are there stay.',
    },
    'router-told': {
      name: 'The router knows the names',
      note: 'As if you had told it that everything below {subject} leads to the workers: for a homelab without Cloudflare.',
    },
  } satisfies Record<SituationKind, { name: string; note: string }>,
  of: '{name}, {machine}',
  machine: 'Machine',
  logins: 'Logins',
  loginsNote: 'Made up, and the same every time.',
  columns: { name: 'Machine', address: 'Address', user: 'User', password: 'Password', note: 'What it is' },
  keyOnly: 'by key only',
  arrived: 'What arrived',
  arrivedNote:
    'Alerts that you send to the mailbox, the topic or the webhook of the practice homelab. In Settings, each can be filled in with one click.',
  nothingArrived: 'Nothing yet.',
  via: { mail: 'E-mail', ntfy: 'ntfy', webhook: 'Webhook' },
  anew: 'Start over',
  anewTitle: 'Start over?',
  anewText: 'Everything that you built in practice is forgotten. Your real homelab is not touched.',
  leave: 'Leave practice',
  fillIn: 'Practice login: {user}. Fill it in',
};
