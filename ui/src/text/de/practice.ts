// The practice homelab, in German.
import type { practice as english } from '../en/practice';
import type { Widened } from '../widened';

export const practice: Widened<typeof english> = {
  intro:
    'Sechs Rechner, ein Cloudflare-Konto mit zwei Zonen, Nameserver: alles in diesem Programm. Es spricht die Protokolle der echten und lehnt ab, was sie ablehnen. Mach es kaputt und sieh, was Portico sagt.',
  switches: 'Was schiefgeht',
  switchesNote:
    'Leg einen Schalter um und sieh dir den Fluss an: Was kaputt ist, ist rot, und was nur daran hängt, bleibt leise.',
  situations: {
    'machine-off': { name: 'Ausgesteckt', note: 'Als hätte jemand den Stecker gezogen.' },
    'disk-full': { name: 'Platte voll', note: 'Es passt nichts mehr darauf.' },
    'internet-down': {
      name: 'Das Internet ist weg',
      note: 'Draußen antwortet niemand mehr: kein öffentlicher Name, kein Nameserver, kein Cloudflare. Was zu Hause läuft, läuft weiter.',
    },
    'token-revoked': {
      name: 'Das Token ist widerrufen',
      note: 'Cloudflare kennt das Token nicht mehr, das Portico hat.',
    },
    'wildcard-added': {
      name: 'Jemand legt einen Wildcard-Eintrag an',
      note: 'Jeder Name in {subject} ohne eigenen Eintrag führt nun anderswohin.',
    },
    'certificate-refused': {
      name: 'Zertifikate werden verweigert',
      note: 'Die Stelle erkennt den Beweis nicht an, dass ein Name dir gehört. Vorhandene Zertifikate bleiben.',
    },
    'router-told': {
      name: 'Der Router kennt die Namen',
      note: 'Als hättest du ihm gesagt, dass alles unter {subject} zu den Workern führt: für ein Homelab ohne Cloudflare.',
    },
  },
  of: '{name}, {machine}',
  machine: 'Rechner',
  logins: 'Anmeldungen',
  loginsNote: 'Erfunden, und jedes Mal dieselben.',
  columns: { name: 'Rechner', address: 'Adresse', user: 'Nutzer', password: 'Passwort', note: 'Was es ist' },
  keyOnly: 'nur mit Schlüssel',
  arrived: 'Was angekommen ist',
  arrivedNote:
    'Meldungen, die du an Postfach, Thema oder Webhook des Übungs-Homelabs sendest. In den Einstellungen lässt sich jedes mit einem Klick einsetzen.',
  nothingArrived: 'Noch nichts.',
  via: { mail: 'E-Mail', ntfy: 'ntfy', webhook: 'Webhook' },
  anew: 'Von vorn beginnen',
  anewTitle: 'Von vorn beginnen?',
  anewText:
    'Alles, was du in der Übung gebaut hast, wird vergessen. Dein echtes Homelab wird nicht angerührt.',
  leave: 'Übung verlassen',
  fillIn: 'Übungsanmeldung: {user}. Eintragen',
};
