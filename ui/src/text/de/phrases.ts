// Stages of a plan, findings of the check and what speaks for or against a machine, in German.
import type { CheckCode, InterfaceKind, LeftOut, Phrase, Reason, Stage } from '../../api/types';
import type { Sentence } from '../en/problems';

export const stages: Record<Stage, string> = {
  'enable-memory-cgroup': 'Memory-Cgroup, Neustart',
  'copy-k3s': 'K3s kopieren',
  configure: 'Einstellen',
  'install-server': 'Server installieren',
  'join-server': 'Als Server beitreten',
  'join-agent': 'Beitreten',
  'restart-server': 'Server neu starten',
  'fetch-kubeconfig': 'Zugangsdatei holen',
  'node-ready': 'Bereit',
  'label-ingress-nodes': 'Dienste tragen',
  'taint-servers': 'Arbeit vom Server fernhalten',
  'install-component': 'Installieren',
  'seal-token': 'Token des Clusters versiegeln',
  'make-issuer': 'Aussteller der Zertifikate anlegen',
  'make-tunnel': 'Tunnel anlegen',
  'deploy-workload': 'Dienst starten',
  'route-hostname': 'Weg zum Namen',
  'issue-certificate': 'Zertifikat holen',
  'route-tunnel': 'Weg im Tunnel',
  'protect-hostname': 'Anmeldung davor',
  'write-records': 'DNS-Einträge schreiben',
  'try-path': 'Als Besucher fragen',
  'remove-component': 'Entfernen',
  'remove-service': 'Dienst wegnehmen',
};

export const objects: Partial<Record<Stage, Record<string, string>>> = {
  'deploy-workload': {
    namespace: 'Namespace anlegen',
    deployment: 'Dienst starten',
    service: 'Adresse im Inneren geben',
    chart: 'App installieren',
  },
  'install-component': {
    'ingress-class': 'Ingress-Klasse anlegen',
    'ingress-nginx': 'ingress-nginx installieren',
    'ingress-nginx/beside': 'ingress-nginx daneben installieren',
    'ingress-nginx/yield': 'ingress-nginx gibt die Ports ab',
    traefik: 'Auf Traefik warten',
    'traefik/config': 'Traefik einstellen',
    'traefik/serve': 'Traefik übernimmt die Ports',
    'traefik/yield': 'Traefik gibt die Ports ab',
    'sealed-secrets': 'sealed-secrets installieren',
    'cert-manager': 'cert-manager installieren',
    cloudflared: 'cloudflared installieren',
    'cloudflared/namespace': 'Platz für cloudflared machen',
    'cloudflared/token': 'cloudflared seinen Schlüssel geben',
    gatus: 'Beobachter Gatus installieren',
    'gatus/namespace': 'Platz für den Beobachter machen',
    'gatus/volume': 'Platz schaffen für das, was er sieht',
    'gatus/config': 'Dem Beobachter sagen, was er beobachten soll',
    'gatus/service': 'Dem Beobachter innen eine Adresse geben',
  },
  'try-path': { rehearsal: 'Jeden Namen darüber ausprobieren' },
  'remove-component': {
    'ingress-nginx': 'ingress-nginx entfernen',
    'traefik/config': 'Einstellungen von Traefik vergessen',
    'sealed-secrets': 'sealed-secrets entfernen',
    'cert-manager': 'cert-manager entfernen',
    'cluster-token': 'Token des Clusters entfernen',
    tunnel: 'Tunnel löschen',
    'cloudflared/deployment': 'cloudflared entfernen',
    'cloudflared/token': 'Schlüssel von cloudflared entfernen',
    'gatus/deployment': 'Beobachter Gatus entfernen',
    'gatus/service': 'Dem Beobachter seine Adresse nehmen',
    'gatus/config': 'Vergessen, was er beobachtet hat',
    'gatus/volume': 'Alles entfernen, was er gesehen hat',
    issuer: 'Einen Aussteller entfernen',
  },
  'remove-service': {
    ingress: 'Weg vergessen',
    service: 'Adresse wegnehmen',
    deployment: 'Dienst anhalten',
    chart: 'App und ihre Daten entfernen',
  },
};

/** Lines of a preview. */
export const lines: Record<Phrase, string> = {
  'access-application': 'Access-Anwendung {name}',
  'access-lets-in': 'lässt {email} ein',
  'access-only-these': '{name}: nur diese Adressen',
  'access-policy-unused': 'Access-Regel {name}, die nichts benutzt',
  'account-awaited': '{object}: wartet auf das Konto bei der Zertifizierungsstelle',
  'certificate-not-shown': '{hostname} zeigt sein Zertifikat auf {address} noch nicht',
  'certificate-of-others':
    '{hostname} zeigt auf {address} noch nicht sein Zertifikat, sondern das von {names}',
  'certificate-unread': '{hostname} zeigt sein Zertifikat auf {address} noch nicht: {why}',
  'controller-silent': '{hostname} antwortet über {controller} auf {address} noch nicht',
  'controller-untried': '{controller}: jeder Name wird darüber versucht',
  'edge-answers': '{hostname} antwortet über Cloudflare mit HTTP {status}',
  'edge-silent': '{hostname} antwortet über Cloudflare noch nicht',
  'edge-untried': 'https://{hostname}/ wird über Cloudflare gefragt',
  'job-awaited': '{chart}: wartet auf den Job des Charts',
  'join-token': '/etc/rancher/k3s/join-token (von {server})',
  'lan-silent': '{hostname} antwortet auf {address} noch nicht',
  'lan-untried': 'http://{hostname}/ wird über jede Adresse gefragt',
  'login-not-asked': '{hostname} verlangt noch keine Anmeldung',
  'other-token': '{object}: ein anderes Token',
  'pods-awaited': '{object}: wartet auf seine Pods',
  'record-dns-only': '{type} {hostname} -> {content}, nur DNS',
  'record-proxied': '{type} {hostname} -> {content}, über den Proxy',
  'record-to-tunnel': 'CNAME {hostname} -> Tunnel {tunnel}, über den Proxy',
  'redirects-to-itself': '{hostname} leitet auf sich selbst um',
  'route-rule': '{hostname}: seine Regel',
  'traefik-awaited': 'traefik: wartet, bis K3s es installiert',
  tunnel: 'Tunnel {tunnel}',
  'tunnel-token': '{object}: das Token von {tunnel}',
  'unit-installed': '{unit}: installiert, eingeschaltet und gestartet',
  'unit-restarted': '{unit}: neu gestartet',
  unresolved: '{hostname} wird noch nicht aufgelöst',
  'unresolved-to': '{hostname} wird noch nicht zu {address} aufgelöst',
};

export const findings: Record<CheckCode, Sentence> = {
  'fact-unknown': {
    what: '{fact} konnte nicht gelesen werden.',
    next: 'Sieh selbst auf dem Rechner nach, bevor du weitermachst.',
  },
  'arch-unsupported': { what: 'K3s gibt es nicht für {arch}.', next: 'Nimm einen anderen Rechner.' },
  'os-unproven': {
    what: 'Portico wurde auf {os} nicht ausprobiert.',
    next: 'Es kann gut gehen; beobachte die ersten Schritte.',
  },
  'no-systemd': {
    what: 'Es gibt kein systemd, das der Dienst von K3s braucht.',
    next: 'Nimm ein System mit systemd.',
  },
  'memory-low': {
    what: '{found} MiB Speicher, wo ein {role} {needed} braucht.',
    next: 'Nimm einen Rechner mit mehr Speicher.',
  },
  'cpus-few': {
    what: '{found} Prozessorkerne, wo ein {role} {needed} haben sollte.',
    next: 'Es geht, langsam.',
  },
  'disk-low': { what: '{found} MiB Platte sind frei, {needed} sind nötig.', next: 'Schaffe Platz.' },
  'swap-on': { what: '{size} MiB Swap sind an.', next: 'Kubernetes läuft damit, hat aber lieber keinen.' },
  'cgroup-memory-off': {
    what: 'Die Memory-Cgroup ist aus, und K3s braucht sie.',
    next: 'Der Bau schaltet sie ein und startet den Rechner einmal neu.',
  },
  'cgroup-v1': {
    what: 'Der Rechner hat cgroup v1, das {version} ablehnt.',
    next: 'Aktualisiere das System oder setze options.allow_cgroup_v1.',
  },
  'selinux-policy-missing': {
    what: 'SELinux ist scharf, und die Regeln von K3s fehlen.',
    next: 'Installiere das Paket k3s-selinux.',
  },
  'iptables-buggy': {
    what: 'iptables {version} hat einen bekannten Fehler.',
    next: 'Portico sagt K3s, dass es sein eigenes nimmt.',
  },
  'clock-skew': {
    what: 'Seine Uhr geht um {seconds} s anders als die der anderen.',
    next: 'Schalte die Zeitsynchronisation ein: sudo timedatectl set-ntp true',
  },
  'own-clock-skew': {
    what: 'Die Uhr dieses Computers geht um {seconds} s anders als die der Rechner.',
    next: 'Stelle die Uhr dieses Computers.',
  },
  'clock-not-synchronised': {
    what: 'Seine Uhr wird nicht synchronisiert.',
    next: 'sudo timedatectl set-ntp true',
  },
  'hostname-duplicate': {
    what: 'Den Hostnamen {hostname} hat auch {others}.',
    next: 'Portico gibt den Nodes eigene Namen; umbenennen ist sauberer.',
  },
  'hostname-unusable': {
    what: 'Der Hostname {hostname} ist nicht brauchbar.',
    next: 'sudo hostnamectl set-hostname NAME',
  },
  'machine-id-duplicate': {
    what: 'Er hat dieselbe Machine-ID wie {others}, wie bei kopierten Platten.',
    next: 'sudo rm /etc/machine-id && sudo systemd-machine-id-setup, dann neu starten.',
  },
  'interface-chosen': {
    what: 'Er hat mehrere Netzwerkkarten.',
    next: 'Der Cluster verwendet {interface} ({address}), die die anderen erreicht.',
  },
  'interface-unclear': {
    what: 'Er hat mehrere Netzwerkkarten, und es ist nicht klar, welche die anderen erreicht.',
    next: 'Wähle eine:',
  },
  'interface-missing': { what: 'Er hat keine Netzwerkkarte {wanted}.', next: 'Wähle eine andere.' },
  'no-address': { what: 'Er hat keine brauchbare Adresse.', next: 'Gib ihm eine.' },
  'no-default-route': { what: 'Er hat keine Standardroute, die K3s braucht.', next: 'Gib ihm ein Gateway.' },
  'lan-overlap': {
    what: '{interface} ist in {network}, das sich mit {range} des Clusters überschneidet.',
    next: 'Setze {option} auf einen anderen Bereich.',
  },
  'port-in-use': {
    what: 'Port {port}/{protocol} ist von {process} belegt.',
    next: 'Beende das: K3s braucht den Port.',
  },
  'firewall-rules': {
    what: '{firewall} ist an, und es fehlt: {missing}',
    next: 'Führe die Befehle unten dort aus.',
  },
  'foreign-k3s': {
    what: 'Ein K3s, das nicht Portico installiert hat, ist schon da ({version}).',
    next: 'Übernehmen geht noch nicht. Nimm einen anderen Rechner oder deinstalliere es.',
  },
  'role-differs': {
    what: 'Er läuft als {found} und soll {wanted} werden.',
    next: 'Gib ihm die Rolle, die er hat.',
  },
  'leftover-data': {
    what: 'Daten eines früheren K3s sind noch da: {paths}',
    next: 'Deinstalliere jenes K3s; seine Daten würden sich mit den neuen mischen.',
  },
  'leftover-files': { what: 'Dateien eines früheren K3s sind noch da: {paths}', next: 'Sie schaden nicht.' },
};

export const reasons: Record<Reason['code'], string> = {
  'ssh-closed': 'SSH ist aus: Port {port} ist zu',
  'ssh-silent': 'SSH antwortet auf Port {port} nicht',
  'ssh-not-seen': 'Von SSH noch nichts gehört',
  'not-ssh': 'Port {port} spricht etwas anderes als SSH',
  'not-linux': 'Kein Linux: {banner}',
  'small-ssh-server': 'Ein kleiner SSH-Server, wie ihn Geräte haben',
  'already-cluster': 'Kubernetes antwortet auf Port {port}',
  gateway: 'Dein Router: Der Weg hinaus führt durch ihn',
  'network-device': 'Ein Netzwerkgerät von {vendor}',
  'shared-host-key': 'Eine andere Netzwerkkarte zeigt denselben Schlüssel',
  'host-key-changed': 'Zeigt einen anderen Schlüssel als bisher',
  'duplicate-address': '{address} ist zweimal vergeben',
  'proxy-arp': 'Antwortet für {addresses} Adressen, wie Router es tun',
  gone: 'Hat bei der letzten Suche nicht geantwortet',
};

export const kinds: Record<InterfaceKind, string> = {
  physical: 'dein Netz',
  virtual: 'virtuelle Maschinen',
  vpn: 'VPN',
  container: 'Container',
  loopback: 'nur dieser Computer',
};

export const leftOut: Record<LeftOut, string> = {
  virtual: 'virtuelle Maschinen',
  vpn: 'VPN',
  container: 'Container',
  loopback: 'nur dieser Computer',
  down: 'nicht verbunden',
  'no-subnet': 'keine anderen Adressen',
  'self-assigned': 'kein Router',
  'too-large': 'groß',
};
