// Die Wörter der Meldungen: wohin sie gehen, und wann.
import type { alerts as english } from '../en/alerts';
import type { Widened } from '../widened';

export const alerts: Widened<typeof english> = {
  title: 'Meldungen',
  note: 'Sagt dir, was nicht stimmt, während du nicht hinsiehst: einmal je Ursache, und einmal, wenn es vorbei ist. Dafür muss Portico laufen, mit Fenster oder im Infobereich.',
  none: 'Noch verlässt keine Meldung diesen Computer',
  noneText:
    'Füge hinzu, wo du davon hören willst: in deinem Postfach, über ntfy auf dem Telefon, oder mit einem Webhook in einem Programm von dir. Was du bestätigst, zurückstellst oder wartest, wird nicht gemeldet.',
  channels: 'Kanäle',
  add: '{kind} hinzufügen',
  kinds: { email: 'E-Mail', ntfy: 'ntfy', webhook: 'Webhook' },
  titles: { email: 'E-Mail', ntfy: 'ntfy', webhook: 'Webhook' },
  where: {
    email: 'Mail an {recipient} über {host}',
    ntfy: 'Thema {topic} auf {server}',
    webhook: 'Webhook bei {host}',
  },
  from: {
    notice: 'Meldet alles, auch was nur wissenswert ist',
    degraded: 'Meldet, was beeinträchtigt oder ausgefallen ist',
    down: 'Meldet nur, was ausgefallen ist',
  },
  on: 'An',
  onOf: 'An {name} melden',
  last: 'Zugestellt {when}',
  failed: 'Nicht zugestellt {when}; Portico versucht es wieder',
  lost: 'Nicht zugestellt {when}',
  never: 'Noch wurde nichts gesendet',
  waiting: ['{count} Meldung wartet', '{count} Meldungen warten'],
  noKeyring: 'Der Schlüsselbund antwortet nicht; ob das Geheimnis dort liegt, ist nicht bekannt.',
  test: 'Probe senden',
  testing: 'Wird gesendet…',
  edit: 'Bearbeiten',
  remove: 'Entfernen',
  act: '{act}: {name}',
  sent: 'Die Probe wurde angenommen. Sieh nach, ob sie angekommen ist.',
  removeAsk: '{name} entfernen?',
  removeText:
    'Dorthin wird nichts mehr gemeldet. Passwort, Token, Adresse oder Schlüssel werden aus dem Schlüsselbund entfernt, und was wartet, wird nicht gesendet.',

  dialog: {
    add: '{kind} hinzufügen',
    edit: '{name} bearbeiten',
    intro: {
      email:
        'Meldungen gehen über den Mailserver deines eigenen Kontos, wie bei jedem Mailprogramm. Die Hilfeseiten deines Anbieters nennen Server, Port und Anmeldung.',
      ntfy: 'ntfy bringt Meldungen auf dein Telefon: Installiere die App, abonniere ein Thema deiner Wahl und nenne es hier. Wer das Thema kennt, kann mitlesen; wähle also eines, das niemand errät, oder einen Server mit Token.',
      webhook:
        'Ein Programm von dir bekommt JSON per POST, etwa Home Assistant, Node-RED oder ein Chat. Die Felder sind in docs/alerts.md beschrieben.',
    },
    encryption: 'Verschlüsselung',
    encryptions: { tls: 'TLS', starttls: 'STARTTLS', none: 'Keine' },
    from: 'Melden ab',
    tryIt: 'Probe senden',
    save: 'Kanal speichern',
    practice: 'Einsetzen, was das Übungs-Homelab anbietet',
    noKeyring:
      'Der Schlüsselbund war nicht zu gebrauchen. Das Geheimnis kann nur für diesen Lauf aufbewahrt werden; danach wirst du wieder gefragt.',
    thisRun: 'Nur bis Portico endet',
    secretKept: 'Eines ist gespeichert. Lass das Feld leer, um es zu behalten.',
    secretMissing: 'Gib es ein: Es ist nicht gespeichert, oder war es für einen anderen Server.',
    wrongLogin:
      'Nicht angenommen: {reason}. Viele Anbieter verlangen ein Passwort, das nur für diese App gemacht ist.',
  },
  fields: {
    name: 'Name',
    host: 'Mailserver',
    port: 'Port',
    encryption: 'Verschlüsselung',
    user: 'Benutzer',
    secret: 'Geheimnis',
    sender: 'Von',
    recipient: 'An',
    server: 'Server',
    topic: 'Thema',
    url: 'Adresse',
  },
  secrets: { email: 'Passwort', ntfy: 'Zugriffstoken', webhook: 'Signaturschlüssel' },
  hints: {
    user: 'Leer, wenn der Server keine Anmeldung verlangt.',
    email: 'Liegt im Schlüsselbund dieses Computers.',
    ntfy: 'Nur wenn der Server eines verlangt. Liegt im Schlüsselbund.',
    webhook: 'Freiwillig: Damit werden Meldungen signiert (Standard Webhooks). Liegt im Schlüsselbund.',
    url: 'Liegt wie ein Passwort im Schlüsselbund, denn wer sie kennt, kann dorthin senden.',
    urlKept: 'Die bei {host} ist gespeichert. Lass das Feld leer, um sie zu behalten.',
  },

  timing: {
    title: 'Wann',
    quiet: 'Ruhezeit',
    quietNote: 'Was dann geschieht, wird zurückgehalten und kommt als eine Meldung, wenn sie endet.',
    from: 'Von',
    until: 'Bis',
    through: 'Kommt trotzdem durch',
    throughs: {
      nothing: 'Nichts',
      down: 'Was ausgefallen ist',
      degraded: 'Was beeinträchtigt oder ausgefallen ist',
    },
    digest: 'Tägliche Übersicht',
    digestNote:
      'Alles, was nicht stimmt, und was vorbei ist, einmal am Tag; auch wenn alles gut ist, damit du weißt, dass Meldungen ankommen.',
    at: 'Um',
    perHour: 'Meldungen je Stunde und Kanal, höchstens',
    perHourNote: 'Was mehr ist, wartet und kommt als eine Meldung.',
    save: 'Speichern',
    saved: 'Gespeichert.',
    time: 'Schreib sie wie 22:00.',
    fields: {
      quietFrom: 'Von',
      quietUntil: 'Bis',
      digest: 'Die Zeit der Übersicht',
      perHour: 'Die Zahl',
    },
  },
};
