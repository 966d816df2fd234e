// Sentences for what goes wrong with documents, the scan, SSH and K3s, in German.
import type { Code } from '../../api/types';
import type { Sentence } from '../en/problems';

export const machines = {
  'document-malformed': {
    what: 'Das Dokument ist in Zeile {line}, Spalte {column} nicht lesbar.',
    next: 'Berichtige diese Zeile. Nichts wurde geändert.',
  },
  'document-unknown-field': {
    what: 'Zeile {line}: Das Feld „{field}“ ist nicht bekannt.',
    next: 'Meintest du „{nearest}“? Entferne es oder benenne es um. Nichts wurde geändert.',
  },
  'document-version': {
    what: 'Das Dokument hat Version {found}; dieses Portico liest Version {known}.',
    next: 'Setze version: {known} oder aktualisiere Portico.',
  },
  'document-field-missing': {
    what: 'Zeile {line}: Das Feld {field} fehlt.',
    next: 'Füge es hinzu. Nichts wurde geändert.',
  },
  'field-invalid': {
    what: '{field}: „{value}“ ist nicht brauchbar.',
    next: 'Schreib es so: {example}. Nichts wurde geändert.',
  },
  'cidr-overlap': {
    what: '{field}: {value} überschneidet sich mit {other}.',
    next: 'Wähle einen Bereich, den nichts anderes verwendet.',
  },
  'subnet-invalid': {
    what: '„{subnet}“ ist kein Subnetz.',
    next: 'Schreib es als Adresse und Präfixlänge, zum Beispiel 192.168.1.0/24.',
  },
  'subnet-empty': {
    what: '{subnet} hat keine Adressen, die gefragt werden könnten.',
    next: 'Nimm ein größeres Subnetz, /30 oder weiter.',
  },
  'subnet-overlap': { what: '{subnet} und {other} überschneiden sich.', next: 'Lass eines davon weg.' },
  'subnet-too-large': {
    what: '{subnet} hat {addresses} Adressen; sie alle zu fragen, dauert Minuten.',
    next: 'Wähle ein kleineres Netz oder erlaube große unter Netze.',
  },
  'no-subnet': {
    what: 'Dieser Computer ist in keinem Netz, das durchsucht werden könnte.',
    next: 'Verbinde dich mit deinem Netz oder gib unter Netze eines an.',
  },
  'scan-source-failed': {
    what: 'Eine Art, nach Rechnern zu suchen, ist ausgefallen.',
    next: 'Die anderen gingen weiter; Rechner, die nur sie gefunden hätte, fehlen.',
  },
  'host-unresolved': {
    what: 'Der Name {address} hat keine Adresse.',
    next: 'Prüfe die Schreibweise oder nimm die IP-Adresse des Rechners.',
  },
  'host-unreachable': {
    what: '{address} ist nicht erreichbar.',
    next: 'Ist der Rechner an und im selben Netz wie dieser Computer?',
  },
  'connection-refused': {
    what: '{address} hat die Verbindung auf Port {port} abgelehnt.',
    next: 'Schalte dort SSH ein (auf Raspberry Pi OS: sudo systemctl enable --now ssh) oder berichtige den Port.',
  },
  'connection-timed-out': {
    what: '{address} hat auf Port {port} nicht rechtzeitig geantwortet.',
    next: 'Ist der Rechner an, und lässt eine Firewall Port {port} durch?',
  },
  'connection-lost': {
    what: 'Die Verbindung zu {address} ist abgebrochen.',
    next: 'Warte, bis der Rechner wieder da ist, und setze fort: Was fertig ist, bleibt fertig.',
  },
  'not-ssh': {
    what: 'Auf {address} Port {port} antwortet etwas anderes als SSH.',
    next: 'Berichtige den Port.',
  },
  'ssh-negotiation-failed': {
    what: '{address} und Portico haben keine gemeinsame Verschlüsselung.',
    next: 'Aktualisiere dort den SSH-Server.',
  },
  'ssh-channel-refused': {
    what: '{address} lässt dich herein, führt aber keine Befehle aus.',
    next: 'Nimm einen Nutzer mit einer gewöhnlichen Shell.',
  },
  'ssh-config-invalid': {
    what: '{path} ist nicht zu verstehen.',
    next: 'Berichtige sie; die Einzelheiten nennen die Zeile.',
  },
  'ssh-config-unsupported': {
    what: '~/.ssh/config setzt {option} für {host}, dem Portico nicht folgen kann.',
    next: 'Nenne den Rechner mit einer Adresse, die dieser Computer direkt erreicht.',
  },
  'host-key-unknown': {
    what: 'Mit {address} gab es noch keine Verbindung. Sein Schlüssel ist {fingerprint} ({kind}).',
    next: 'Vergleiche ihn mit dem, was der Rechner selbst zeigt (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), und nimm ihn dann an.',
  },
  'host-key-changed': {
    what: '{address} zeigt einen anderen Schlüssel als bisher. Bekannt: {pinned}. Jetzt: {fingerprint}.',
    next: 'Wenn du den Rechner neu eingerichtet hast, vergiss den alten Schlüssel. Wenn nicht, sitzt vielleicht jemand dazwischen: nicht weitermachen.',
  },
  'host-key-revoked': {
    what: 'Der Schlüssel von {address} ist in {path} als widerrufen vermerkt.',
    next: 'Verbinde dich nicht. Gib dem Rechner einen neuen Hostschlüssel.',
  },
  'host-keys-unreadable': {
    what: 'Angenommene Hostschlüssel können nicht in {path} aufbewahrt werden.',
    next: 'Prüfe, ob die Datei dir gehört und beschreibbar ist.',
  },
  'authentication-failed': {
    what: '{address} hat {user} nicht hereingelassen (versucht: {tried}).',
    next: 'Prüfe den Nutzernamen und ob dein Schlüssel dort in ~/.ssh/authorized_keys steht.',
  },
  'password-needed': {
    what: '{address} braucht das Passwort von {user}.',
    next: 'Gib es an; es gilt nur für diesen Lauf, wenn du nichts anderes sagst.',
  },
  'password-wrong': {
    what: '{address} hat das Passwort von {user} nicht angenommen.',
    next: 'Gib es noch einmal ein oder nimm einen Schlüssel.',
  },
  'key-file-missing': {
    what: 'Es gibt keine Schlüsseldatei {path}.',
    next: 'Berichtige den Pfad oder erzeuge einen Schlüssel mit ssh-keygen -t ed25519.',
  },
  'key-file-unreadable': {
    what: 'Die Schlüsseldatei {path} ist nicht lesbar.',
    next: 'Prüfe, ob es ein privater OpenSSH-Schlüssel ist und du sie lesen darfst.',
  },
  'key-kind-unsupported': {
    what: '{path} ist ein {kind}, mit dem man sich nicht anmelden kann.',
    next: 'Wähle einen privaten Ed25519- oder RSA-Schlüssel im OpenSSH-Format.',
  },
  'passphrase-needed': {
    what: 'Der Schlüssel {path} ist mit einer Passphrase verschlossen.',
    next: 'Gib die Passphrase an oder lade den Schlüssel mit ssh-add in deinen Agent.',
  },
  'passphrase-wrong': { what: 'Die Passphrase öffnet {path} nicht.', next: 'Gib sie noch einmal ein.' },
  'agent-unavailable': {
    what: 'Kein SSH-Agent antwortet.',
    next: 'Starte einen (eval $(ssh-agent); ssh-add) oder wähle eine Schlüsseldatei.',
  },
  'sudo-refused': {
    what: '{user} darf auf {address} kein sudo verwenden.',
    next: 'Verbinde dich als jemand, der darf, oder nimm {user} dort in die Gruppe sudo auf.',
  },
  'sudo-password-needed': {
    what: 'sudo auf {address} fragt nach dem Passwort von {user}.',
    next: 'Gib es an; es gilt nur für diesen Lauf, wenn du nichts anderes sagst.',
  },
  'sudo-password-wrong': {
    what: 'sudo auf {address} hat das Passwort von {user} nicht angenommen.',
    next: 'Gib es noch einmal ein.',
  },
  'keyring-unavailable': {
    what: 'Dieser Computer hat keinen Schlüsselbund für Geheimnisse.',
    next: 'Installiere einen (zum Beispiel gnome-keyring) oder behalte das Geheimnis nur für diesen Lauf.',
  },
  'keyring-locked': {
    what: 'Der Schlüsselbund ist verschlossen.',
    next: 'Schließ ihn auf und versuch es noch einmal.',
  },
  'secret-missing': { what: 'Im Schlüsselbund ist kein {secret}.', next: 'Gib es noch einmal an.' },
  'script-failed': {
    what: '{script} schlug auf {machine} fehl, mit Status {status}.',
    next: 'Das Protokoll dieses Schritts hat die Ausgabe.',
  },
  'local-file-unreadable': {
    what: 'Eine Datei auf diesem Computer konnte nicht gelesen werden.',
    next: 'Die Einzelheiten nennen sie.',
  },
  'local-file-unwritable': {
    what: '{path} ist nicht beschreibbar.',
    next: 'Wähle einen Ordner, in den du schreiben darfst.',
  },
  'machine-unfit': {
    what: '{machine} eignet sich nicht ({check}).',
    next: 'Die Prüfung sagt, was zu tun ist; danach noch einmal zur Vorschau.',
  },
  'no-space-left': {
    what: 'Auf {machine} ist kein Platz mehr für {file}.',
    next: 'Schaffe dort Platz und setze fort.',
  },
  'checksum-mismatch': {
    what: '{file} ist nicht, was es sein sollte: erwartet {expected}, gefunden {found}.',
    next: 'Der Download ist beschädigt oder verfälscht. Er wurde nicht ausgeführt. Versuch es noch einmal oder nimm einen anderen Spiegel.',
  },
  'download-failed': {
    what: '{url} konnte nicht geladen werden: {reason}',
    next: 'Prüfe die Verbindung oder die Adresse des Spiegels und setze fort.',
  },
  'version-unknown': {
    what: 'K3s {version} gibt es nicht.',
    next: 'Wähle eine Version, die es gibt: {channels}',
  },
  'channel-unknown': { what: 'Den K3s-Kanal {channel} gibt es nicht.', next: 'Wähle einen von: {channels}' },
  'checksum-missing': {
    what: '{list} nennt keine Prüfsumme für {file}.',
    next: 'Ohne sie wird es nicht ausgeführt. Versuch einen anderen Spiegel oder eine andere Version.',
  },
  'artefact-missing': {
    what: '{file} ist nicht in {folder}.',
    next: 'Leg es dorthin: Ohne Internet braucht der Ordner das Programm, seine Prüfsummen und das Installationsskript.',
  },
  'arch-unsupported': {
    what: 'K3s gibt es nicht für Rechner mit {arch}.',
    next: 'Nimm einen Rechner mit x86-64, ARM64 oder ARMv7.',
  },
  'cache-unusable': {
    what: 'Downloads können nicht in {file} aufbewahrt werden.',
    next: 'Prüfe, ob der Ordner beschreibbar ist.',
  },
  'script-refused': {
    what: '{script} hat auf {machine} abgelehnt: {reason}',
    next: 'Die Einzelheiten haben den Wortlaut. Dort wurde nichts geändert.',
  },
  'service-did-not-start': {
    what: 'K3s ist auf {machine} nicht gestartet.',
    next: 'Das Protokoll dieses Schritts hat die letzten Zeilen.',
  },
  'cgroup-memory-missing': {
    what: 'Die Memory-Cgroup ist auf {machine} aus.',
    next: 'Noch einmal zur Vorschau: Portico bietet an, sie einzuschalten.',
  },
  'cgroup-v1-refused': {
    what: 'Dieses Kubernetes lehnt Rechner mit cgroup v1 ab.',
    next: 'Setze options.allow_cgroup_v1 im Dokument oder nimm ein neueres System.',
  },
  'datastore-foreign': {
    what: '{machine} enthält Daten eines anderen Clusters.',
    next: 'Deinstalliere dort zuerst jenes K3s.',
  },
  'default-route-missing': {
    what: '{machine} hat keine Standardroute, die K3s braucht.',
    next: 'Gib ihm ein Gateway.',
  },
  'etcd-not-ready': {
    what: 'Die Datenbank der Server hat keine Mehrheit.',
    next: 'Prüfe, ob die anderen Server laufen, und setze fort.',
  },
  'etcd-silent': {
    what: 'Die Datenbank auf {machine} antwortet ihrem Server nicht; die anderen Server tragen den Cluster.',
    next: 'Sieh in ihr Protokoll: sudo journalctl -u k3s. Bleibt es so, starte K3s dort neu: sudo systemctl restart k3s',
  },
  'node-certificate-ends': {
    what: 'Das Zertifikat von K3s auf {machine} endet am {when}.',
    next: 'K3s macht beim Start ein neues: sudo systemctl restart k3s, auf einem Worker k3s-agent. Was dort läuft, läuft dabei weiter.',
  },
  'cluster-key-ends': {
    what: 'Der Schlüssel dieses Computers zum Cluster endet am {when}.',
    next: 'K3s macht beim Start einen neuen: sudo systemctl restart k3s auf dem Server. Portico holt ihn dann von selbst, wenn es sich dort anmelden kann: Verbinde dich dazu mit dem Server.',
  },
  'interface-missing': {
    what: '{machine} hat keine Netzwerkkarte {interface}{name}.',
    next: 'Berichtige machines[].interface.',
  },
  'image-not-pulled': {
    what: 'Das Image {image} kann nicht geladen werden.',
    next: 'Gib den Rechnern einen Weg ins Internet oder leg das Archiv in den Ordner für den Betrieb ohne Internet. Dann setze fort.',
  },
  'kernel-module-missing': {
    what: 'Dem Kernel von {machine} fehlt das Modul {module}.',
    next: 'Installiere das passende Paket mit Kernelmodulen und starte neu.',
  },
  'node-name-taken': {
    what: 'Der Cluster kennt unter dem Namen von {machine} einen anderen Rechner.',
    next: 'Gib ihm einen anderen Namen oder lösche den alten Node.',
  },
  'out-of-memory': {
    what: '{machine} ging der Speicher aus.',
    next: 'Nimm einen Rechner mit mehr oder lass weniger darauf laufen.',
  },
  'selinux-denied': {
    what: 'SELinux hat K3s auf {machine} aufgehalten.',
    next: 'Installiere dort das Paket k3s-selinux.',
  },
  'server-flags-differ': {
    what: 'Die Einstellungen der Server unterscheiden sich.',
    next: 'Verwende für alle Server dieselben Optionen.',
  },
  'server-not-trusted': {
    what: '{machine} vertraut dem Zertifikat des Servers nicht.',
    next: 'Setze fort: Das Token wird neu vom Server gelesen.',
  },
  'server-unreachable': {
    what: '{machine} erreicht den Server unter {address}:{port} nicht.',
    next: 'Öffne den Port in den Firewalls dazwischen.',
  },
  'port-in-use': {
    what: 'Port {port} auf {machine} ist von {process|einem anderen Programm} belegt.',
    next: 'Beende es und setze fort.',
  },
  'token-rejected': {
    what: 'Der Cluster hat das Token von {machine} nicht angenommen.',
    next: 'Setze fort: Das Token wird neu vom Server gelesen.',
  },
  'clock-skewed': {
    what: 'Die Uhr von {machine} geht um {seconds|unbekannt viele} Sekunden falsch.',
    next: 'Schalte dort die Zeitsynchronisation ein: sudo timedatectl set-ntp true',
  },
  'own-clock-skewed': {
    what: 'Die Uhr dieses Computers geht um {seconds} Sekunden falsch; die der Rechner sind sich einig.',
    next: 'Schalte die Zeitsynchronisation ein: Nach einer falschen Uhr scheinen Zertifikate abgelaufen oder noch nicht gültig.',
  },
  'reboot-timed-out': {
    what: '{machine} ist nach dem Neustart nicht zurückgekommen.',
    next: 'Sieh nach dem Rechner; wenn er läuft, setze fort.',
  },
  'foreign-k3s': {
    what: 'Auf {machine} läuft schon ein K3s, das nicht Portico installiert hat.',
    next: 'Übernehmen geht noch nicht. Nimm einen anderen Rechner oder deinstalliere jenes K3s.',
  },
  'node-not-ready': {
    what: 'Der Node {node} ist nicht bereit: {reason}.',
    next: 'Ist der Rechner an und im Netz? Wenn ja, sagt sein Protokoll mehr.',
  },
  'node-pressure': {
    what: '{node} geht etwas aus: {pressure}.',
    next: 'Kubernetes bringt dort nichts Neues mehr unter und beendet manches. Schaff Platz: Alte Images gehen von selbst, Protokolle und Volumes nicht.',
  },
  'node-cordoned': {
    what: 'Neue Pods werden von {node} ferngehalten.',
    next: 'Jemand hat sie gesperrt. Nach der Arbeit: kubectl uncordon {node}',
  },
  'versions-differ': {
    what: 'Auf {node} läuft {version}, auf anderen {newest}.',
    next: 'Kubernetes erträgt das nur eine Weile. Bring alle Maschinen auf eine Version.',
  },
  'release-ended': {
    what: 'Um Kubernetes {release} kümmert sich niemand mehr; dieser Cluster hat {version}.',
    next: 'Plane den Wechsel auf eine neuere Nebenversion, eine nach der anderen.',
  },
  'two-servers': {
    what: 'Zwei Server sind unsicherer als einer: Fällt einer aus, kann keiner arbeiten.',
    next: 'Nimm einen Server oder drei.',
  },
  'even-servers': {
    what: '{servers} Server sind nicht sicherer als einer weniger und halten früher an.',
    next: 'Nimm eine ungerade Zahl von Servern: 1, 3 oder 5.',
  },
  'no-server': {
    what: 'Kein Rechner hat die Rolle des Servers.',
    next: 'Mach einen Rechner oder drei zum Server.',
  },
  'duplicate-name': {
    what: '{field} „{value}“ kommt zweimal vor.',
    next: 'Gib jedem Rechner einen eigenen.',
  },
  'duplicate-address': {
    what: '{field}: Die Adresse {value} kommt zweimal vor.',
    next: 'Gib jedem Rechner eine eigene.',
  },
  'node-name-invalid': {
    what: '{field}: „{value}“ kann nicht der Name eines Nodes sein: {reason}',
    next: 'Nimm Kleinbuchstaben, Ziffern und Bindestriche.',
  },
  'fact-malformed': {
    what: '{machine} hat über {key} etwas Unerwartetes gesagt: „{value}“.',
    next: 'Der Rest wurde gelesen; diese Prüfung bleibt offen.',
  },
  'another-cluster': {
    what: 'Portico kümmert sich um den Cluster {present}; dieser heißt {asked}.',
    next: 'Nenne ihn {present}.',
  },
  'machine-left': {
    what: '{machine} gehört zum Cluster, steht aber nicht im Dokument.',
    next: 'Nimm ihn wieder auf: Rechner entfernen geht noch nicht.',
  },
  'no-cluster': { what: 'Es gibt noch keinen Cluster.', next: 'Baue einen auf der Seite Cluster.' },
} satisfies Partial<Record<Code, Sentence>>;
