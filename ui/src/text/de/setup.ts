// The page Set-up, in German.
import type { setup as english } from '../en/setup';
import type { Widened } from '../widened';

export const setup: Widened<typeof english> = {
  title: 'Von bloßen Rechnern zu einem Dienst, den du öffnen kannst',
  intro:
    'Acht Schritte. Jeden kannst du verlassen und wieder aufnehmen, auch nachdem das Fenster zu war: Was fertig ist, wird durch Nachsehen erkannt. Nichts wird geändert, bevor du gesehen hast, was geschieht, und Ja gesagt hast.',
  choose: 'Wie möchtest du beginnen?',
  home: 'Meine Rechner finden',
  homeText: 'Sieh dich in deinem eigenen Netz um. Das Umsehen ändert nichts.',
  practise: 'Zuerst üben',
  practiseText:
    'Ein ganzes Homelab in diesem Programm: sechs Rechner, ein Cloudflare-Konto, Nameserver. Nichts ist echt, und alles darf kaputtgehen.',
  begin: 'Beginnen',
  line: 'Die Schritte der Einrichtung',
  states: { done: 'Fertig', now: 'Als Nächstes', open: 'Kommt noch', optional: 'Wann du willst' },
  steps: {
    find: {
      title: 'Rechner finden',
      text: 'Portico fragt jede Adresse deines Netzes, wer da ist, und sagt, welche Rechner sich eignen. Wähle einen oder mehrere.',
      act: 'Rechner finden',
    },
    connect: {
      title: 'Verbinden',
      text: 'Über SSH, sobald du den Fingerabdruck verglichen hast. Deine Rechner, ihre Anmeldungen und sudoers bleiben, wie sie sind.',
      act: 'Mit ihnen verbinden',
    },
    check: {
      title: 'Prüfen',
      text: 'Speicher, Uhren, Firewalls, Reste früherer Versuche und mehr, auf jedem Rechner. Was im Weg steht, wird genannt, mit der Abhilfe. Es wird nur nachgesehen.',
      act: 'Rechner prüfen',
    },
    roles: {
      title: 'Rollen',
      text: 'Ein einzelner Rechner tut alles. Bei mehreren einer als Server, die anderen als Worker; ab fünf überstehen drei Server den Verlust von einem. Zwei sind schlechter als einer: Fällt einer aus, kann keiner entscheiden.',
      act: 'Rollen wählen',
    },
    preview: {
      title: 'Vorschau',
      text: 'Jeder Schritt des Baus mit seinem genauen Befehl, bevor etwas geändert wird.',
      act: 'Zur Vorschau',
    },
    build: {
      title: 'Bauen',
      text: 'K3s auf jedem Rechner, und jeder Schritt wird als erfüllt gesehen. Der Bau kann angehalten werden und geht dort weiter, wo er stand, auch nach einem Stromausfall.',
      act: 'Zum Bau',
    },
    names: {
      title: 'Namen und Zertifikate',
      text: 'Über Cloudflare, mit einem Token: Namen in deiner Zone, Zertifikate, denen jeder Browser vertraut, ein Tunnel für öffentliche Dienste; Einträge von dir werden nie angerührt. Oder ohne, nur für dein LAN, mit einer eigenen Zertifizierungsstelle.',
      act: 'Wählen',
    },
    service: {
      title: 'Erster Dienst',
      text: 'Ein Name für ein Programm in deinem Cluster, nur für dein LAN oder für das Internet. Der Fluss zeigt den ganzen Weg dorthin.',
      act: 'Dienst hinzufügen',
    },
  },
  found: ['Rechner gefunden', 'Rechner gefunden'],
  picked: '{count} gewählt',
  connected: ['Rechner verbunden', 'Rechner verbunden'],
  hindrances: ['Hindernis hält den Bau auf', 'Hindernisse halten den Bau auf'],
  cluster: 'Auf {name} läuft K3s {version}',
  unfinished: 'Ein Bau ist nicht gut zu Ende gegangen: Er kann weitergehen.',
  doneTitle: 'Alles ist eingerichtet',
  doneText: 'Sieh dir an, wie Anfragen fließen, oder füge noch einen Dienst hinzu.',
  toFlow: 'Fluss ansehen',
  another: 'Noch einen Dienst hinzufügen',
};
