// What happened and what to do next, for every code, in German.
import type { Code } from '../../api/types';
import type { Sentence } from '../en/problems';
import { machines } from './problems-machines';

export const problems: Record<Code, Sentence> = {
  ...machines,
  'no-ready-worker': {
    what: 'Kein Node, der den Ingress tragen könnte, ist bereit.',
    next: 'Bring einen Worker zurück und versuch es noch einmal.',
  },
  'kube-unreachable': {
    what: 'Die API des Clusters antwortet nicht.',
    next: 'Ist der Server an? Die Seite Fluss zeigt, was zu sehen ist.',
  },
  'kube-refused': {
    what: 'Der Cluster hat {object} abgelehnt: {reason}',
    next: 'Nichts davon wurde geändert. Die Einzelheiten haben den Wortlaut des API-Servers.',
  },
  'kube-conflict': {
    what: '{object} wird auch von {manager} verwaltet.',
    next: 'Entscheide, wer es verwaltet; Portico übernimmt es nicht.',
  },
  'chart-failed': {
    what: 'Das Chart {chart} konnte nicht installiert werden.',
    next: 'Das Protokoll dieses Schritts hat den Wortlaut von Helm. Wenn es behoben ist, setze fort.',
  },
  'workload-not-ready': {
    what: '{workload} hat keinen bereiten Pod.',
    next: 'Sieh seine Ereignisse an: kubectl describe deployment {workload}',
  },
  'service-missing': {
    what: 'In {namespace} gibt es keinen Dienst {service} mit Port {port}.',
    next: 'Wähle einen aus der Liste.',
  },
  'cloudflare-unreachable': {
    what: 'Cloudflare antwortet nicht.',
    next: 'Prüfe die Internetverbindung dieses Computers und setze fort.',
  },
  'cloudflare-token': {
    what: 'Cloudflare nimmt das Token nicht an.',
    next: 'Erstelle ein neues und gib es ein; das alte ist vielleicht abgelaufen oder widerrufen.',
  },
  'cloudflare-scope': {
    what: 'Dem Cloudflare-Token fehlt die Berechtigung {permission}{place}.',
    next: 'Füge sie im Dashboard von Cloudflare hinzu oder gib auf der Seite Stack ein anderes Token an.',
  },
  'cloudflare-rate-limit': {
    what: 'Cloudflare bittet, {seconds} s zu warten.',
    next: 'Portico macht danach von selbst weiter; oder setze später fort.',
  },
  'cloudflare-refused': {
    what: 'Cloudflare hat die Änderung abgelehnt: {message} ({number})',
    next: 'Nichts davon wurde geändert.',
  },
  'zone-missing': {
    what: '{hostname} liegt in keiner Zone dieses Kontos.',
    next: 'Nimm einen Namen unter einer von: {zones}',
  },
  'hostname-invalid': {
    what: '„{hostname}“ kann kein Hostname sein: {reason}',
    next: 'Nimm Buchstaben, Ziffern und Bindestriche, wie in echo.example.com.',
  },
  'watcher-silent': {
    what: 'Der Beobachter im Cluster antwortet nicht oder fragt nichts mehr.',
    next: 'Was geschieht, während Portico geschlossen ist, bleibt bis dahin unbekannt. Sieh nach seinem Pod: kubectl -n gatus get pods; oder lass Portico ihn reparieren.',
  },
  'watcher-saw': {
    what: 'Vom Cluster aus gefragt, hat {hostname} nicht bedient: {evidence}.',
    next: 'Wenn es noch so ist, sagen die Stationen auf dem Weg zu {hostname}, wo er endet.',
  },
  'hostname-taken': { what: '{hostname} führt schon zu {service}.', next: 'Wähle einen anderen Namen.' },
  'service-name-taken': {
    what: 'Ein anderer Dienst heißt schon {service}.',
    next: 'Gib diesem einen anderen Namen oder verbirg zuerst den anderen.',
  },
  'record-conflict': {
    what: '{hostname} hat schon einen Eintrag von dir: {type} {content}',
    next: 'Er blieb, wie er ist. Wähle einen anderen Namen oder lass Portico diesen übernehmen.',
  },
  'route-conflict': {
    what: 'Der Tunnel führt {hostname} schon zu {service}.',
    next: 'Das blieb, wie es ist. Wähle einen anderen Namen oder lass Portico diesen übernehmen.',
  },
  'route-overwritten': {
    what: 'Jemand anders hat die Wege des Tunnels im selben Augenblick geändert.',
    next: 'Diese Änderung ist vielleicht verloren: Vergleiche die öffentlichen Hostnamen des Tunnels im Dashboard von Cloudflare und setze fort.',
  },
  'access-conflict': {
    what: 'Vor {hostname} steht schon die Access-Anwendung „{app}“.',
    next: 'Sie blieb, wie sie ist. Entferne sie in Zero Trust oder lass die E-Mail-Adressen weg.',
  },
  'access-needs-public': {
    what: '{hostname} ist nur im LAN erreichbar; Access schützt öffentliche Namen.',
    next: 'Mach ihn öffentlich oder lass die E-Mail-Adressen weg.',
  },
  'access-not-set-up': {
    what: 'Dieses Cloudflare-Konto hat keine Zero-Trust-Organisation.',
    next: 'Öffne Zero Trust einmal im Dashboard von Cloudflare, wähle einen Teamnamen (kostenlos) und setze fort.',
  },
  'name-too-deep': {
    what: '{hostname} ist tiefer, als das kostenlose Zertifikat von Cloudflare für {zone} reicht.',
    next: 'Nimm einen Namen mit einem Teil vor {zone} oder lass den Dienst im LAN.',
  },
  'tunnel-missing': {
    what: 'Es gibt keinen Tunnel namens {tunnel|so}.',
    next: 'Richte auf der Seite Stack einen ein.',
  },
  'tunnel-down': {
    what: 'Der Tunnel {tunnel} ist {status}.',
    next: 'Sieh nach seinen Pods: kubectl -n cloudflared get pods. Sie brauchen einen Weg hinaus auf Port 7844.',
  },
  'tunnel-in-use': {
    what: 'Der Tunnel {tunnel} hat noch Verbindungen.',
    next: 'Sie schließen sich wenige Minuten nach dem letzten cloudflared; dann setze fort.',
  },
  'redirect-loop': {
    what: '{hostname} leitet endlos auf sich selbst um.',
    next: 'Der Ingress schickt Besucher zu HTTPS, obwohl Cloudflare das schon tat: Bearbeite den Dienst und speichere ihn neu.',
  },
  'foreign-object': {
    what: '{object} ist schon da und wurde nicht von Portico angelegt.',
    next: 'Es blieb, wie es ist. Benenne es um oder entferne es zuerst, oder lass Portico es übernehmen.',
  },
  'hand-edited': {
    what: '{object} wurde von Hand geändert: {fields}',
    next: 'Es blieb, wie es ist. Repariere die Komponente, um das zurückzunehmen; oder behalte die Änderung.',
  },
  'resolve-failed': {
    what: '{hostname} soll zu {expected|deinen Rechnern} führen, führt aber zu {found|nichts}.',
    next: 'DNS braucht vielleicht eine Minute. Bleibt es so, sieh dir den Eintrag an.',
  },
  'record-missing': {
    what: '{hostname} hat bei seinen eigenen Nameservern keinen Eintrag.',
    next: 'Schreibe die Einträge neu.',
  },
  'negative-cache': {
    what: 'Der Resolver dieses Computers hat sich gemerkt, dass es {hostname} nicht gab.',
    next: 'Er vergisst es von selbst, meist in Minuten; den DNS des Routers neu zu starten, ist schneller.',
  },
  'rebinding-protection': {
    what: 'Dein Router verbirgt die privaten Adressen von {hostname} ({expected}).',
    next: 'Erlaube die Domain in seinem DNS-Rebind-Schutz oder nimm im LAN einen anderen Resolver.',
  },
  'resolver-stale': {
    what: 'Resolver geben noch die früheren Adressen von {hostname}: {found} statt {expected}.',
    next: 'Die Lebensdauer des früheren Eintrags muss ablaufen; es ist nichts zu tun.',
  },
  'resolver-differs': {
    what: 'Der Resolver dieses Computers gibt {found} für {hostname}, andere geben {expected}.',
    next: 'Etwas im LAN antwortet selbst für diesen Namen: Sieh nach dem Router, einem Pi-hole, einem VPN oder /etc/hosts.',
  },
  'wildcard-record': {
    what: 'Die Wildcard {name} antwortet für {hosts|jeden Namen ohne eigenen Eintrag}.',
    next: 'Namen im LAN scheitern dahinter in Browsern (Encrypted Client Hello).',
  },
  'encrypted-hello': {
    what: '{hostname} ist nur im LAN erreichbar, doch Resolver bieten dafür Cloudflares Encrypted Client Hello an.',
    next: 'Browser lehnen dann das Zertifikat ab. Warte, bis der frühere Eintrag vergessen ist, oder lass den Resolver des LANs HTTPS-Anfragen dafür leer beantworten.',
  },
  'ingress-retired': {
    what: 'ingress-nginx hat seit März 2026 keine Sicherheitsupdates; für seitdem gefundene Lücken gibt es veröffentlichte Angriffe.',
    next: 'Traefik versteht dieselben Einstellungen und wird gepflegt.',
  },
  'ingress-not-accepted': {
    what: '{hostname} wäre über ingress-nginx zum Internet offen, das keine Sicherheitsupdates mehr bekommt.',
    next: 'Wechsle zuerst zu Traefik oder sag, dass du es weißt.',
  },
  'traefik-too-old': {
    what: 'Dieses Traefik hat {version|eine unbekannte Version}; Lücken in seinem Teil für nginx-Annotationen sind ab {needed} geschlossen.',
    next: 'Aktualisiere K3s oder sag unten, welche Version du akzeptierst.',
  },
  'traefik-not-bundled': {
    what: 'K3s {k3s} bringt ein Traefik mit, das älter als {needed} ist.',
    next: 'Nimm K3s {since} oder neuer oder sag unten, welche Version du akzeptierst.',
  },
  'component-in-use': {
    what: '{component} wird gebraucht: {user} benötigt es.',
    next: 'Entferne zuerst, was es braucht.',
  },
  'component-missing': {
    what: '{component} ist hier nicht installiert.',
    next: 'Die Seite Stack zeigt, was da ist.',
  },
  'no-tunnel': {
    what: 'Es gibt keinen Tunnel, durch den das Internet hereinkommen könnte.',
    next: 'Richte zuerst auf der Seite Stack einen ein.',
  },
  'cloudflare-not-used': {
    what: 'Dieses Homelab kommt ohne Cloudflare aus.',
    next: 'Lass {hostname|es} im LAN oder richte Cloudflare ein.',
  },
  'hostname-outside': {
    what: '{hostname} liegt nicht unter {domain}.',
    next: 'Nimm einen Namen, der auf .{domain} endet.',
  },
  'names-in-use': {
    what: 'Dienste haben noch Namen, darunter {hostname}.',
    next: 'Entferne diese zuerst.',
  },
  'name-not-at-home': {
    what: 'Dein Netz führt {hostname} nicht zu {expected}; sein Resolver sagt: {found|nichts}.',
    next: 'Sag es deinem Router, einmal für alle Namen: auf der Seite Stack, Zu Hause.',
  },
  'exposure-missing': { what: 'Kein Dienst heißt {service}.', next: 'Die Seite Dienste führt sie auf.' },
  'certificate-pending': {
    what: 'Das Zertifikat {certificate} ist unterwegs; es wartet bei {link}: {reason}',
    next: 'DNS-01 dauert ein oder zwei Minuten. Bleibt es so, haben die Einzelheiten den Wortlaut von cert-manager.',
  },
  'certificate-failed': {
    what: 'Das Zertifikat {certificate} kommt nicht: {link} schlug fehl ({reason}).',
    next: 'Die Einzelheiten haben den Wortlaut der Stelle. Wenn das Token falsch ist, ersetze das des Clusters auf der Seite Stack.',
  },
  'token-ends': {
    what: 'Dein Cloudflare-Token endet am {when}.',
    next: 'Erstelle rechtzeitig ein neues und ersetze es auf der Seite Stack.',
  },
  'token-too-wide': {
    what: 'Dieses Token kann mehr, als der Cluster braucht ({permission}).',
    next: 'Erstelle ein zweites, nur mit Zone Read und DNS Edit; der Link öffnet das Formular.',
  },
  'sealing-failed': {
    what: 'Das Token des Clusters konnte nicht versiegelt werden.',
    next: 'Ist sealed-secrets gesund? Die Seite Stack zeigt es; dann setze fort.',
  },
  'keys-newer': {
    what: 'Die Schlüssel {keys} von sealed-secrets sind in keiner Sicherung.',
    next: 'Ohne sie lässt sich Versiegeltes nie wieder öffnen.',
  },
  'keys-unreadable': {
    what: 'Der Cluster hat keine Schlüssel von sealed-secrets.',
    next: 'Installiere zuerst sealed-secrets auf der Seite Stack.',
  },
  'backup-unreadable': {
    what: '{path} öffnet sich nicht mit dieser Passphrase.',
    next: 'Gib sie noch einmal ein; stimmt sie, ist die Datei keine Sicherung von Portico oder beschädigt.',
  },
  'probe-failed': {
    what: '{url} hat nicht wie erwartet geantwortet: {reason}',
    next: 'Die Seite Fluss zeigt, welche Station kaputt ist.',
  },
  'backend-silent': {
    what: '{hostname} antwortet {status}: Hinter {service} hört auf Port {port} niemand zu.',
    next: 'Hört die App auf diesem Port? Füge den Dienst mit dem Port hinzu, den er hat.',
  },
  'backend-fails': {
    what: '{hostname} antwortet {status}: Die App hinter {service} hat selbst einen Fehler.',
    next: 'Der Weg dorthin ist in Ordnung. Sieh in das Protokoll der App.',
  },
  'name-not-exposed': {
    what: '{hostname} ist keiner deiner Dienste. Es gibt: {known|noch keine}.',
    next: 'Ist er geschrieben, wie du meintest? Sonst füge auf der Seite Dienste einen Dienst darunter hinzu.',
  },
  'away-from-home': {
    what: 'Dieser Computer ist in {networks}, und der Name führt zu {workers}, in ein anderes Netz.',
    next: 'Namen im LAN antworten nur zu Hause. Verbinde dich mit deinem Heimnetz oder mach den Dienst öffentlich.',
  },
  'network-silent': {
    what: 'Nichts antwortet diesem Computer: weder der Cluster noch das Internet.',
    next: 'Ist er im Netz, und läuft der Router? Was zu Hause ist, ist so lange unbekannt.',
  },
  'internet-away': {
    what: 'Das Internet antwortet nicht: kein Nameserver dort und kein Weg zu einem öffentlichen Namen.',
    next: 'Ist die Leitung gestört? Sieh am Router nach. Was zu Hause läuft, läuft weiter; seine Namen lassen sich erst wieder auflösen, wenn die Leitung zurück ist.',
  },
  'resolver-silent': {
    what: 'Der Nameserver dieses Computers antwortet für keinen deiner Namen.',
    next: 'Läuft das Gerät, das zu Hause Namen auflöst, der Router oder ein Pi-hole? Starte es neu oder trage im Router einen anderen Nameserver ein.',
  },
  'ingress-missing': {
    what: 'Der Cluster hat keine Regel, die {hostname} zu seinem Dienst führt.',
    next: 'Jemand hat sie entfernt. Bearbeite den Dienst und speichere ihn neu: Das stellt sie wieder her.',
  },
  'ingress-class-differs': {
    what: 'Die Regel für {hostname} nennt die Ingress-Klasse {found|keine}, die hier niemand bedient.',
    next: 'Jemand hat sie geändert. Bearbeite den Dienst und speichere ihn neu: Das bringt sie in Ordnung.',
  },
  'certificate-differs': {
    what: '{address} zeigt ein Zertifikat für {found|einen anderen Namen} statt für {hostname}.',
    next: 'Der Controller hat es noch nicht oder kann es nicht lesen. Warte eine Minute und sieh dann in sein Protokoll.',
  },
  'certificate-expired': {
    what: 'Das Zertifikat, das {address} für {hostname} zeigt, ist abgelaufen.',
    next: 'cert-manager hat es nicht erneuert: Die Seite Stack zeigt, wie es ihm geht.',
  },
  'certificate-expiring': {
    what: 'Das Zertifikat, das {address} für {hostname} zeigt, endet in weniger als zwei Wochen und wurde nicht erneuert.',
    next: 'cert-manager hätte es längst erneuern sollen: Die Seite Stack zeigt, wie es ihm geht.',
  },
  'route-missing': {
    what: 'Der Tunnel {tunnel} hat keine Regel für {hostname}.',
    next: 'Jemand hat sie entfernt. Bearbeite den Dienst und speichere ihn neu: Das stellt sie wieder her.',
  },
  'route-elsewhere': {
    what: 'Die Regel des Tunnels für {hostname} führt zu {found} statt zu {expected}.',
    next: 'Wenn du das nicht warst, speichere den Dienst neu; Portico fragt, bevor es die Regel übernimmt.',
  },
  'access-missing': {
    what: 'Die Anmeldung vor {hostname} ist weg: Wer den Namen kennt, kommt hinein.',
    next: 'Bearbeite den Dienst und speichere ihn neu: Das stellt sie wieder her.',
  },
  'access-differs': {
    what: 'Die Anmeldung vor {hostname} lässt {found|niemanden} herein, was so nicht gewünscht war.',
    next: 'Bearbeite den Dienst und speichere ihn mit den Adressen neu, die du willst.',
  },
  'alert-unreachable': {
    what: '{address} antwortet nicht.',
    next: 'Stimmen Schreibweise und Port, und erreicht dieser Computer ihn?',
  },
  'alert-tls-failed': {
    what: 'Mit {address} kam keine verschlüsselte Verbindung zustande: {reason}',
    next: 'Meist gehört Port 465 zu TLS und Port 587 zu STARTTLS. Einem eigenen Zertifikat muss dieser Computer vertrauen.',
  },
  'alert-unencrypted': {
    what: 'Auf dem Weg zu {address} könnte jeder das Geheimnis lesen.',
    next: 'Wähle eine Verschlüsselung. Ohne sie geht es nur an diesen Computer selbst.',
  },
  'alert-login-refused': {
    what: '{address} nimmt die Anmeldung nicht an: {reason|Benutzer oder Geheimnis ist falsch}',
    next: 'Gib sie noch einmal ein. Viele Mailanbieter verlangen ein Passwort, das nur für diese App gemacht ist.',
  },
  'alert-sender-refused': {
    what: '{address} nimmt keine Mail von {value} an: {reason}',
    next: 'Nimm die Adresse des Kontos, mit dem du dich anmeldest.',
  },
  'alert-recipient-refused': {
    what: '{address} stellt {value} nichts zu: {reason}',
    next: 'Ist die Adresse richtig geschrieben?',
  },
  'alert-refused': {
    what: '{address} hat die Meldung abgelehnt: {reason}',
    next: 'Das ist die Antwort des Servers selbst.',
  },
  'alert-rate-limit': {
    what: '{address} nimmt gerade keine weiteren Meldungen an.',
    next: 'Portico versucht es von selbst wieder.',
  },
  'channel-missing': {
    what: 'Es gibt keinen Kanal {channel}.',
    next: 'Die Einstellungen zeigen, welche es gibt.',
  },
  'plan-stale': {
    what: 'Seit dieser Vorschau hat sich etwas geändert.',
    next: 'Sieh dir die neue Vorschau an und führe dann diese aus.',
  },
  'cluster-busy': {
    what: 'Ein anderer Lauf arbeitet gerade an diesem Cluster.',
    next: 'Warte auf ihn oder halte ihn auf der Seite Läufe an.',
  },
  'run-missing': { what: 'Den Lauf {run} gibt es nicht.', next: 'Die Seite Läufe führt alle auf.' },
  'run-not-resumable': {
    what: 'Der Lauf {run} ist {state}; es gibt nichts fortzusetzen.',
    next: 'Geh noch einmal zur Vorschau der Änderung, wenn du sie wiederholen willst.',
  },
  'step-timed-out': {
    what: '{step} wurde in {waited} s nicht erfüllt: {waiting|niemand hat geantwortet}.',
    next: 'Sieh in sein Protokoll; dann setze fort.',
  },
  cancelled: { what: 'Auf Wunsch angehalten.', next: 'Setze fort, wenn du so weit bist.' },
  'store-failed': {
    what: 'Die Datenbank von Portico konnte nicht verwendet werden.',
    next: 'Prüfe, ob {path} beschreibbar und die Platte nicht voll ist.',
  },
  'confirmation-needed': {
    what: 'Nichts wurde geändert: Niemand hat Ja gesagt.',
    next: 'Sag Ja, wenn die Vorschau stimmt.',
  },
  'document-unreadable': { what: '{path} ist nicht lesbar.', next: 'Prüfe den Pfad. Nichts wurde geändert.' },
  'endpoints-unreadable': {
    what: 'Die Datei {path} mit den Adressen ist nicht brauchbar.',
    next: 'Prüfe den Pfad und das JSON; die Einzelheiten sagen, wo es aufhört, sinnvoll zu sein.',
  },
  'practice-failed': {
    what: 'Das Übungs-Homelab konnte nicht starten.',
    next: 'Die Einzelheiten sagen, welche Adresse oder welcher Port fehlte.',
  },
  'practice-missing': {
    what: 'Hier gibt es kein Übungs-Homelab.',
    next: 'Die Einrichtung bietet auf ihrer ersten Seite eines an.',
  },
  'link-refused': {
    what: 'Portico öffnet {url} für niemanden: Es ist weder einer deiner Dienste noch eine Seite, die es kennt.',
    next: 'Wenn du ihr vertraust, gib die Adresse in deinen Browser ein.',
  },
  'browser-missing': {
    what: 'Der Browser konnte nicht geöffnet werden.',
    next: 'Kopiere die Adresse und öffne sie selbst.',
  },
  'request-malformed': {
    what: 'Die Anfrage hat nicht die Form, die der Befehl erwartet.',
    next: 'Die Einzelheiten nennen das Feld.',
  },
  internal: {
    what: 'In Portico ist etwas schiefgegangen.',
    next: 'Bitte melde es mit den Einzelheiten unten.',
  },
};
