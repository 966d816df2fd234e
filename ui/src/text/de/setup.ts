// The page Set-up, in German.
import type { setup as english } from '../en/setup';
import type { Widened } from '../widened';

export const setup: Widened<typeof english> = {
  title: 'Von bloßen Rechnern zu einem Dienst, den du öffnen kannst',
  intro:
    'Sechs Schritte. Jeden kannst du verlassen und wieder aufnehmen: Was fertig ist, wird gesehen, nicht gemerkt. Nichts wird geändert, bevor du gesehen hast, was geschieht, und Ja gesagt hast.',
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
    roles: {
      title: 'Rollen und Prüfung',
      text: 'Ein einzelner Rechner tut alles. Bei mehreren einer als Server, die anderen als Worker; ab fünf überstehen drei Server den Verlust von einem. Zwei sind schlechter als einer: Fällt einer aus, kann keiner entscheiden.',
      act: 'Rollen wählen',
    },
    build: {
      title: 'Vorschau und Bau',
      text: 'Jeder Schritt wird mit seinem genauen Befehl gezeigt. Der Bau kann angehalten werden und geht dort weiter, wo er stand, auch nach einem Stromausfall.',
      act: 'Zur Vorschau',
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
  connected: ['Rechner verbunden', 'Rechner verbunden'],
  cluster: 'Auf {name} läuft K3s {version}',
  unfinished: 'Ein Bau ist nicht gut zu Ende gegangen: Er kann weitergehen.',
  doneTitle: 'Alles ist eingerichtet',
  doneText: 'Sieh dir an, wie Anfragen fließen, oder füge noch einen Dienst hinzu.',
  toFlow: 'Fluss ansehen',
  another: 'Noch einen Dienst hinzufügen',
};
