// The page Stack, in German.
import type { stack as english } from '../en/stack';
import type { Widened } from '../widened';

export const stack: Widened<typeof english> = {
  parts: {
    components: 'Komponenten',
    ingress: 'Ingress',
    tokens: 'Token',
    'set-up': 'Einrichtung',
    home: 'Zu Hause',
    keys: 'Schlüssel',
  },
  needCluster: 'Der Stack ist das, was außer deinen Diensten im Cluster läuft. Baue zuerst einen Cluster.',
  intro:
    'Was im Cluster läuft, damit deine Dienste erreichbar sind. Jeder Teil ist auf eine Version festgelegt, und jede Änderung zeigt sich, bevor sie geschieht.',
  columns: { name: 'Komponente', version: 'Version', state: 'Zustand', acts: 'Aktionen' },
  what: {
    'ingress-nginx': 'Führt jede Anfrage nach ihrem Namen zu ihrem Dienst. Vom Hersteller aufgegeben.',
    traefik: 'Führt jede Anfrage nach ihrem Namen zu ihrem Dienst. Kommt mit K3s.',
    'sealed-secrets':
      'Öffnet Geheimnisse, die auf deinem Computer versiegelt wurden, sodass sie unterwegs niemand lesen kann.',
    'cert-manager': 'Holt Zertifikate für Namen in deinem LAN und erneuert sie.',
    cloudflared: 'Hält den Tunnel zu Cloudflare offen, für öffentliche Dienste.',
    gatus:
      'Beobachtet deine Dienste vom Cluster aus, solange Portico geschlossen ist, und behält sieben Tage davon; die gehen, wenn er entfernt wird. Etwa 30 MB Speicher.',
  },
  bundled: 'K3s bringt es mit',
  states: { healthy: 'Gesund', waiting: 'Noch nicht', problem: 'Braucht dich', absent: 'Nicht installiert' },
  acts: {
    install: 'Installieren',
    repair: 'Reparieren',
    upgrade: 'Andere Version',
    remove: 'Entfernen',
    setUp: 'Einrichten',
    move: 'Dorthin wechseln',
  },
  actOf: '{act}: {name}',
  done: 'Fertig',
  apply: 'Ausführen',
  pin: {
    title: 'Eine andere Version von {name}',
    text: 'Portico hat eine Version ausprobiert und legt sie fest. Leere Felder bedeuten diese. Ein gepflegter Fork hat ein eigenes Repository oder Image.',
    version: 'Version',
    versionHint: 'Des Charts, oder des Images, wo es kein Chart gibt.',
    repository: 'Chart-Repository',
    image: 'Image',
    imageHint: 'Mit Tag oder Digest, zum Beispiel registry.example.com/controller:v1.15.5.',
  },
  ingress: {
    title: 'Wer Anfragen zu Diensten führt',
    text: 'Einer von zwei Controllern hat die Ports 80 und 443. Beide verstehen dieselben Einstellungen, sodass deine Dienste bleiben, wie sie sind.',
    names: { nginx: 'ingress-nginx', traefik: 'Traefik' },
    why: {
      nginx:
        'Die Referenz. Seine Macher haben ihn im März 2026 aufgegeben: Seitdem gefundene Lücken, manche mit veröffentlichten Angriffen, werden nie geschlossen. Portico legt die letzte Version fest, mit den riskanten Einstellungen ausgeschaltet.',
      traefik:
        'Kommt mit K3s, bekommt mit ihm Sicherheitsupdates und versteht die Einstellungen von ingress-nginx, durchgereichtes TLS eingeschlossen. Braucht K3s 1.37.1 oder neuer.',
    },
    serves: 'Bedient gerade',
    move: 'Zu {name} wechseln',
    moveText:
      'Der neue wird zuerst neben dem alten mit jedem Namen ausprobiert. Dann wechseln die Ports, und der alte geht zuletzt.',
    accept: 'Version von Traefik, die du akzeptierst',
    acceptHint: 'Nur, wenn du weißt, warum: zum Beispiel 3.6.13.',
    done: '{name} bedient',
  },
  tokens: {
    intro:
      'Mit einem Token darf Portico bei Cloudflare für dich handeln, so weit du es erlaubst. Es gibt zwei, damit das, was im Cluster liegt, so wenig wie möglich kann.',
    whose: {
      own: {
        title: 'Dein Token',
        text: 'Portico schreibt damit von diesem Computer aus DNS-Einträge und richtet Tunnel und Anmeldungen ein. Es gelangt nie in den Cluster.',
        kept: 'Im Schlüsselbund dieses Computers.',
        label: 'Cloudflare-Token',
        act: '{act}: dein Token',
      },
      cluster: {
        title: 'Das Token des Clusters',
        text: 'Der Cluster beweist damit, dass ein Name dir gehört, wenn er um ein Zertifikat bittet. Es kann Zonen lesen und DNS bearbeiten, sonst nichts.',
        kept: 'Im Schlüsselbund dieses Computers und versiegelt im Cluster, der allein es öffnen kann.',
        label: 'Das Cloudflare-Token des Clusters',
        act: '{act}: das Token des Clusters',
      },
    },
    keptRun: 'Nur für diesen Lauf: Es ist weg, wenn Portico endet.',
    missing: 'Noch nicht angegeben.',
    opens: 'Öffnet {zones}',
    expires: 'Endet {when}',
    kinds: { user: 'Token eines Nutzers', account: 'Token des Kontos' },
    capabilities: 'Was es kann',
    granted: 'erteilt',
    lacking: 'fehlt',
    unneeded: 'nicht erteilt',
    needs: {
      always: 'für jeden Namen nötig',
      public: 'für öffentliche Dienste nötig',
      access: 'für Anmeldungen davor nötig',
    },
    create: 'Bei Cloudflare erstellen',
    createText: 'Die Berechtigungen sind schon gewählt; nur noch erstellen und das Token kopieren.',
    give: 'Token angeben',
    replace: 'Ersetzen',
    forget: 'Vergessen',
    hint: 'Es wird ausprobiert, bevor es in den Schlüsselbund dieses Computers kommt.',
    save: 'Dieses Token verwenden',
    thisRun: 'Nur für diesen Lauf behalten',
    keyring:
      'Ein Schlüsselbund hält Geheimnisse mit deiner Anmeldung verschlossen. Installiere unter Linux gnome-keyring oder KWallet und melde dich neu an; macOS und Windows haben einen.',
    follow: 'Der Cluster hat noch das frühere Token.',
    followNow: 'Dem Cluster das neue geben',
    toSetUp: 'Zertifikate und Tunnel einrichten',
  },
  setUp: {
    titles: { cloudflare: 'Zertifikate und der Tunnel', home: 'Namen und Zertifikate zu Hause' },
    names: 'Wer die Namen kennt',
    namesOptions: { cloudflare: 'Cloudflare', home: 'Nur dein Zuhause' },
    namesTexts: {
      cloudflare:
        'Portico schreibt Namen in deine Zonen bei Cloudflare. Dienste können im LAN bleiben oder öffentlich sein, und jeder Browser vertraut den Zertifikaten.',
      home: 'Ohne Konto und ohne Domain: Dienste bleiben im LAN. Deinem Router sagst du einmal, wohin die Namen führen; deine Geräte vertrauen einer eigenen Zertifizierungsstelle.',
    },
    domainText:
      'Alle Dienste heißen wie etwas unter dieser Domain. Niemand sonst kennt sie; home.arpa ist für genau das reserviert.',
    domain: 'Domain',
    domainHint: 'home.arpa, oder eine, die es nur bei dir gibt. Nicht .local.',
    authorityText:
      'Im Cluster entsteht eine eigene Zertifizierungsstelle. Sie kann nur für diese Domain unterschreiben: Wer ihr vertraut, vertraut ihr mit nichts anderem. Ihr Schlüssel verlässt den Cluster nie.',
    steps: {
      domain: 'Domain',
      authority: 'Zertifikate',
      tokens: 'Token',
      certificates: 'Zertifikate',
      tunnel: 'Tunnel',
    },
    tokensText: 'Alles Weitere geschieht über Cloudflare, deshalb kommen die Token zuerst.',
    tokenGiven: 'angegeben',
    tokenMissing: 'fehlt',
    toTokens: 'Token angeben',
    certificatesText:
      'Für Namen in deinem LAN: Der Cluster bittet eine Zertifizierungsstelle um ein Zertifikat und beweist über DNS, dass der Name dir gehört. Nichts muss aus dem Internet erreichbar sein.',
    withCertificates: 'Zertifikate einrichten',
    email: 'E-Mail',
    emailHint: 'Die Zertifizierungsstelle schreibt dorthin, bevor ein Zertifikat endet.',
    authority: 'Wer unterschreibt',
    authorities: {
      production: "Let's Encrypt",
      staging: "Let's Encrypt, Probe",
      custom: 'Eine andere Stelle',
    },
    authorityTexts: {
      production:
        'Jeder Browser vertraut ihr. Sie begrenzt, wie viele Zertifikate sie in einer Woche ausstellt.',
      staging: 'Zum Ausprobieren: kaum Grenzen, und kein Browser vertraut ihr.',
      custom: 'Jede andere, die ACME spricht, zum Beispiel eine eigene.',
    },
    directory: 'Adresse ihres Verzeichnisses',
    directoryHint: 'Zum Beispiel https://acme.example.com/directory.',
    ca: 'Ihre CA, in PEM',
    caHint: 'Nur, wenn es keine öffentliche ist.',
    tunnelText:
      'Für öffentliche Dienste: Der Cluster öffnet eine Verbindung zu Cloudflare, und Besucher kommen durch sie herein. Dein Router bleibt zu, und deine Adresse wird nicht gezeigt.',
    withTunnel: 'Tunnel einrichten',
    tunnel: 'Name des Tunnels',
    tunnelHint: 'Ein Tunnel von dir mit diesem Namen wird wieder verwendet.',
    done: 'Der Stack ist eingerichtet',
    toService: 'Dienst hinzufügen',
  },
  home: {
    router: 'Sag es deinem Router',
    routerText:
      'Einmal für alle Namen: Alles unter {domain} führt zu den Maschinen, auf denen Dienste laufen. Eine dieser Arten genügt.',
    noAddress: 'Gerade ist keine Maschine bereit, zu der die Namen führen könnten.',
    ways: {
      rewrite: {
        title: 'Router, AdGuard Home, Unbound',
        text: 'Die Seite nennt es DNS-Umschreibung, lokaler Eintrag oder Host-Überschreibung.',
      },
      dnsmasq: { title: 'dnsmasq: OpenWrt, Pi-hole', text: 'Diese Zeilen in seine Konfiguration.' },
      hosts: {
        title: 'Nur ein Computer',
        text: 'Diese Zeile in /etc/hosts; unter Windows in C:\\Windows\\System32\\drivers\\etc\\hosts.',
      },
    },
    routerSeen: 'Sobald dein Router die Namen kennt, wird ihr Punkt im Fluss grün.',
    devices: 'Sag es deinen Geräten',
    devicesText:
      'Ein Gerät vertraut den Diensten, wenn es der Stelle deines Homelabs vertraut. Sie kann nur für {domain} unterschreiben. Vergleiche den Fingerabdruck, bevor du sie installierst.',
    fingerprint: 'SHA-256',
    until: 'Gilt bis',
    path: 'Datei auf diesem Computer',
    pathHint: 'Das Zertifikat ist kein Geheimnis.',
    save: 'Zertifikat speichern',
    saved: 'Gespeichert in {path}.',
    systems: {
      linux: {
        title: 'Debian, Ubuntu',
        text: 'Für alle Programme, die den Zertifikaten des Systems folgen.',
      },
      macos: { title: 'macOS', text: 'Für alle Programme außer Firefox.' },
      windows: { title: 'Windows', text: 'Für deinen Benutzer; Firefox hat eigene Zertifikate.' },
      phone: {
        title: 'Telefone',
        text: 'Schick die Datei aufs Gerät. Android: Einstellungen, Sicherheit, CA-Zertifikat installieren. iOS: das Profil installieren, dann unter Allgemein, Info, Zertifikatsvertrauen einschalten.',
      },
      firefox: {
        title: 'Firefox',
        text: 'Einstellungen, Datenschutz und Sicherheit, Zertifikate anzeigen, Zertifizierungsstellen, Importieren.',
      },
    },
    noAuthority: 'Es gibt noch keine Stelle: cert-manager ist nicht gewünscht oder noch nicht so weit.',
  },
  keys: {
    title: 'Schlüssel der versiegelten Geheimnisse',
    text: 'Was für den Cluster versiegelt ist, öffnet sich nur mit diesen Schlüsseln. Sichere sie einmal, und wieder, wenn es einen neueren gibt: Dann kann ein neu gebauter Cluster öffnen, was vorher versiegelt wurde.',
    none: 'Es gibt noch keine Schlüssel. Sie kommen mit sealed-secrets.',
    key: 'Schlüssel',
    state: 'Sicherung',
    saved: 'Gesichert',
    notSaved: 'Nicht gesichert',
    savedAt: 'Zuletzt gesichert {when}.',
    save: 'Schlüssel sichern',
    restore: 'Schlüssel zurückspielen',
    path: 'Datei',
    pathHint: 'Auf diesem Computer, zum Beispiel /home/me/portico-keys.age.',
    passphrase: 'Passphrase',
    passphraseHint: 'Nur mit ihr öffnet sich die Datei. Bewahre sie auf, wo du sie in Jahren noch findest.',
    again: 'Passphrase noch einmal',
    differ: 'Die beiden sind nicht gleich. Gib sie noch einmal ein.',
    savedDone: 'Gesichert in {path}.',
    restored: ['Schlüssel zurückgespielt', 'Schlüssel zurückgespielt'],
    restoredNone: 'Der Cluster hat sie alle schon.',
  },
};
