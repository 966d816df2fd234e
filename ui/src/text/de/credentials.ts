// Die Wörter der Seite Zugangsdaten.
import type { credentials as english } from '../en/credentials';
import type { Widened } from '../widened';

export const credentials: Widened<typeof english> = {
  intro:
    'Was Portico aufbewahrt, um für dich zu handeln und deine Rechner wiederzuerkennen. Kein Geheimnis wird hier je gezeigt.',
  keyrings: {
    'secret-service':
      'Was gemerkt werden soll, liegt im Schlüsselbund deines Desktops (Secret Service: GNOME-Schlüsselbund, KWallet). Er ist mit deiner Anmeldung verschlossen.',
    keychain:
      'Was gemerkt werden soll, liegt im Schlüsselbund von macOS. Er ist mit deiner Anmeldung verschlossen.',
    'credential-manager':
      'Was gemerkt werden soll, liegt in der Windows-Anmeldeinformationsverwaltung. Sie ist mit deiner Anmeldung verschlossen.',
    memory:
      'Hier kommt nichts in den Schlüsselbund dieses Computers: Was gemerkt werden soll, ist weg, wenn Portico endet.',
  },
  tokens: 'Cloudflare-Token',
  noTokens:
    'Dein Homelab kennt seine Namen selbst, ohne Cloudflare: Es braucht kein Token, und keines ist gespeichert.',
  columns: {
    machine: 'Rechner',
    login: 'Anmeldung',
    secrets: 'Gemerkt',
    fingerprint: 'SHA-256-Fingerabdruck',
    acts: 'Aktionen',
  },
  member: 'in deinem Cluster',
  logins: {
    title: 'Anmeldungen an Rechnern',
    text: 'Wie sich Portico an jedem Rechner anmeldet. Ein Passwort oder eine Passphrase wird nur gemerkt, wo du es gesagt hast.',
    none: 'Noch ist keine Anmeldung gespeichert. Sobald du dich mit einem Rechner verbindest, steht er hier: mit welchem Nutzer, womit, und ob ein Passwort gemerkt ist.',
    toMachines: 'Rechner finden',
    methods: {
      usual: 'Wie ssh',
      agent: 'SSH-Agent',
      'key-file': 'Schlüsseldatei',
      password: 'Passwort',
    },
    secrets: { password: 'Passwort', sudo: 'sudo-Passwort', passphrase: 'Passphrase' },
    kept: {
      keyring: '{secret}: im Schlüsselbund',
      'this-run': '{secret}: für diesen Lauf',
      unknown: '{secret}: nicht bekannt, der Schlüsselbund antwortet nicht',
    },
    nothing: 'nichts',
    again: 'Neu verbinden',
    forget: 'Vergessen',
    act: '{act}: {name}',
    ask: 'Anmeldung an {name} vergessen?',
    askText:
      'Portico vergisst, mit welchem Nutzer und womit es sich an {address} anmeldet, und entfernt das gemerkte Passwort und die Passphrase aus dem Schlüsselbund. Am Rechner ändert sich nichts. Wird die Anmeldung wieder gebraucht, versucht Portico, was ssh versuchen würde, und fragt nach dem Rest.',
    askMember:
      '{name} gehört zu deinem Cluster. Der Cluster läuft weiter, aber Portico muss dich vielleicht fragen, bevor es diesen Rechner ansehen oder ändern kann.',
    confirm: 'Anmeldung vergessen',
  },
  channels: {
    title: 'Meldungen',
    text: 'Womit sich Meldungen dort ausweisen, wohin sie gehen.',
    toAlerts: 'Zu den Kanälen',
    secrets: {
      'smtp-password': 'Passwort',
      'ntfy-token': 'Zugriffstoken',
      'webhook-url': 'Adresse',
      'webhook-key': 'Signaturschlüssel',
    },
    forget: 'Vergessen',
    ask: 'Die Geheimnisse von {name} vergessen?',
    askText:
      'Der Kanal bleibt, aber nichts kann dort zugestellt werden, bis du sie in den Einstellungen wieder eingibst. Meldungen warten darauf bis zu einen Tag.',
    confirm: 'Die Geheimnisse vergessen',
  },
  hostKeys: {
    title: 'Gemerkte Host-Schlüssel',
    text: 'Am Host-Schlüssel erkennt Portico, dass es mit deinem Rechner spricht und mit keinem anderen an derselben Adresse. Jeder wurde an seinem Fingerabdruck angenommen. Zum Vergleichen führe dies auf dem Rechner aus:',
    compare: 'Befehl, der die Fingerabdrücke zeigt',
    none: 'Noch ist kein Host-Schlüssel gemerkt. Beim ersten Kontakt mit einem Rechner zeigt Portico seinen Fingerabdruck und fragt; erst dann wird der Schlüssel behalten.',
    act: 'Host-Schlüssel von {name} vergessen',
    ask: 'Host-Schlüssel von {name} vergessen?',
    askText:
      'Bei der nächsten Verbindung zeigt der Rechner seinen Schlüssel, und du vergleichst ihn wie beim ersten Kontakt. Das ist richtig, wenn du den Rechner neu eingerichtet hast oder es ihn nicht mehr gibt.',
    warning:
      'Hat Portico vor einem geänderten Schlüssel gewarnt und du weißt nicht, warum er sich geändert hat, dann behalte den alten: Jemand könnte zwischen dir und dem Rechner stehen.',
    label: 'Gemerkt',
    confirm: 'Schlüssel vergessen',
  },
  file: {
    title: 'Der Weg in den Cluster',
    text: 'Die Kubeconfig deines Clusters ist eine Datei auf diesem Computer. Sie ist das einzige Geheimnis, das Portico in einer eigenen Datei hält: Wer sie lesen kann, kann im Cluster alles.',
    own: 'Nur du kannst sie lesen (Modus {mode})',
    others: 'Andere an diesem Computer können sie lesen (Modus {mode})',
  },
};
