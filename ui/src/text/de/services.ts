// The page Services and its forms, in German.
import type { services as english } from '../en/services';
import type { Widened } from '../widened';

export const services: Widened<typeof english> = {
  add: 'Dienst hinzufügen',
  find: 'Dienst suchen',
  emptyTitle: 'Öffne deinen ersten Dienst',
  emptyText:
    'Ein Dienst ist ein Programm in deinem Cluster mit einem eigenen Namen. Beginne mit echo, einem winzigen, das antwortet, wonach es gefragt wurde: Es zeigt, dass jede Station funktioniert.',
  needCluster: 'Dienste brauchen einen Cluster. Baue zuerst einen und komm dann zurück.',
  toCluster: 'Cluster bauen',
  columns: {
    name: 'Dienst',
    address: 'Adresse',
    reach: 'Wer ihn erreicht',
    health: 'Zustand',
    acts: 'Aktionen',
  },
  reach: { lan: 'Nur im LAN', public: 'Öffentlich', login: 'Öffentlich, mit Anmeldung' },
  admitted: 'Zugelassen: {emails}',
  inFlow: '{name} im Fluss zeigen',
  qr: 'QR-Code von {name}, für ein Telefon',
  qrOf: 'QR-Code von {url}',
  qrLan: 'Er antwortet, solange das Telefon in deinem Heimnetz ist.',
  edit: 'Ändern',
  editOf: 'Ändern, wer {name} erreicht',
  hide: 'Verbergen',
  hideOf: '{name} verbergen',
  anew: 'Einträge neu schreiben',
  names: 'Namen in deiner Zone',
  leaning: 'Diese Namen hängen an {wildcard}: {hosts}',
  explicit:
    'Gib ihnen eigene Einträge: Füge sie hier als Dienste hinzu und entferne danach {wildcard} bei Cloudflare.',

  formTitle: 'Einen Dienst hinzufügen',
  formText:
    'Der Dienst bekommt einen Namen in deiner Zone, und dieser Name führt zu deinen eigenen Rechnern.',
  which: 'Was geöffnet wird',
  echo: 'echo',
  echoText:
    'Ein winziges Programm, das antwortet, wonach es gefragt wurde. Es zeigt, dass jede Station funktioniert.',
  apps: { grafana: 'Grafana', argocd: 'Argo CD' },
  appTexts: {
    grafana: 'Anzeigetafeln deiner Rechner und Dienste, mit dem Prometheus, das sie misst.',
    argocd: 'Hält das, was im Cluster läuft, gleich mit dem, was in einem Git-Repository steht.',
  },
  other: 'Ein Dienst des Clusters',
  otherText: 'Einer, der schon läuft. Auf ihn wird verwiesen, er selbst bleibt, wie er ist.',
  otherNone: 'Es gibt noch keinen, der geöffnet werden könnte.',
  service: 'Dienst',
  hostname: 'Name',
  hostnameHint: 'Der Teil vor der Zone, zum Beispiel echo.',
  nameRules: {
    empty: 'ein Teil zwischen den Punkten ist leer.',
    long: 'ein Teil ist länger als 63 Zeichen.',
    characters: 'ein Teil enthält andere Zeichen oder beginnt oder endet mit einem Bindestrich.',
  },
  zone: 'Zone',
  zoneHint: 'Eine Domain in deinem Cloudflare-Konto.',
  noZones: 'Es ist keine Zone bekannt. Portico schreibt den Namen über Cloudflare, mit einem Token von dir.',
  tokenOther: 'Ein anderes Token verwenden',
  full: 'Er wird unter {hostname} antworten.',
  adopt: 'Übernehmen: Portico darf ersetzen, was dort ist',

  reachLegend: 'Wer ihn erreicht',
  reachOptions: { lan: 'Mein LAN', public: 'Das Internet' },
  lanText: 'Nur Rechner in deinem Heimnetz: Der Name führt zu privaten Adressen.',
  publicText:
    'Alle im Internet, durch einen Tunnel von deinem Cluster zu Cloudflare. An deinem Router wird kein Port geöffnet.',
  shows: {
    none: 'Es gibt noch kein Zertifikat, deshalb nennen Browser ihn nicht sicher.',
    cluster: 'Der Cluster zeigt dafür ein eigenes Zertifikat.',
    cloudflare: 'Cloudflare zeigt das Zertifikat.',
    service: 'Der Dienst zeigt sein eigenes Zertifikat.',
  },
  showsHome: 'Die Zertifizierungsstelle deines Homelabs unterschreibt dafür.',
  atHome:
    'Dieses Homelab kommt ohne Cloudflare aus, und ohne es kommt niemand aus dem Internet herein. Entferne zuerst die Dienste und richte dann Cloudflare ein.',
  toCertificates: 'Zertifikate einrichten',
  noTunnel:
    'Es gibt noch keinen Tunnel. Ein Tunnel ist eine Verbindung, die der Cluster selbst zu Cloudflare öffnet; Besucher kommen durch ihn herein, und dein Router bleibt zu.',
  toTunnel: 'Tunnel einrichten',
  toTraefik: 'Zu Traefik wechseln',
  acceptRetired: 'Ich weiß es; trotzdem öffnen',
  emails: 'Wer sich anmelden darf',
  emailsHint:
    'E-Mail-Adressen mit Komma oder Leerzeichen dazwischen. Cloudflare fragt nach einer davon und schickt einen Code dorthin. Leer: keine Anmeldung.',
  emailsWrong: '{email} ist keine E-Mail-Adresse. Schreib sie wie me@example.com.',
  apply: 'Dienst hinzufügen',
  doneTitle: '{hostname} antwortet',

  editTitle: '{hostname}: wer ihn erreicht',
  applyEdit: 'Ändern',
  hideTitle: '{hostname} verbergen',
  hideText:
    'Der Name verschwindet aus dem DNS, und mit ihm der Weg und die Anmeldung davor. Niemand wird mehr zum Dienst geführt.',
  hideKinds: {
    echo: 'Die echo-App verschwindet auch; sie enthält keine Daten.',
    service: 'Der Dienst selbst bleibt im Cluster, wie er ist.',
    app: 'Die App bleibt mit ihren Daten im Cluster.',
  },
  uninstall: 'Auch die App und ihre Daten entfernen',
  applyHide: 'Verbergen',
  hideDone: '{hostname} ist verborgen',
};
