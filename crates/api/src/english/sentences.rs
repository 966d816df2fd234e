//! The table itself: a code without a sentence does not compile.

use super::Sentence;
use portico_domain::problem::Code;

/// A row for each code: what happened, and below it the next step.
macro_rules! sentences {
    ($($code:ident: $what:literal $next:literal;)*) => {
        /// The sentence of a code.
        pub fn sentence(code: Code) -> Sentence<'static> {
            match code {
                $(Code::$code => Sentence { what: $what, next: $next },)*
            }
        }
    };
}

sentences! {
    DocumentMalformed: "The document cannot be read at line {line}, column {column}."
        "Correct that line. Nothing was changed.";
    DocumentUnknownField: "Line {line}: the field \"{field}\" is not known."
        "Did you mean \"{nearest}\"? Remove or rename it. Nothing was changed.";
    DocumentVersion: "The document has version {found}; this Portico reads version {known}."
        "Set version: {known}, or update Portico.";
    FieldInvalid: "{field}: \"{value}\" is not usable."
        "Write it like: {example}. Nothing was changed.";
    DocumentFieldMissing: "Line {line}: the field {field} is missing."
        "Add it. Nothing was changed.";
    CidrOverlap: "{field}: {value} overlaps {other}."
        "Choose a range that nothing else uses.";
    DuplicateAddress: "{field}: the address {value} is used twice."
        "Give each machine its own.";
    EvenServers: "{servers} servers are no safer than one fewer, and stop sooner."
        "Use an odd number of servers: 1, 3 or 5.";
    FactMalformed: "{machine} answered something unexpected about {key}: \"{value}\"."
        "The rest was read; this check is left open.";
    NodeNameInvalid: "{field}: \"{value}\" cannot be a node's name: {reason}"
        "Use lower-case letters, digits and hyphens.";
    DocumentUnreadable: "{path} cannot be read."
        "Check the path. Nothing was changed.";
    EndpointsUnreadable: "The endpoints file {path} cannot be used."
        "Check the path and its JSON; the details say where it stops making sense.";
    SubnetInvalid: "\"{subnet}\" is not a subnet."
        "Write it as an address and a prefix length, like 192.168.1.0/24.";
    SubnetEmpty: "{subnet} has no addresses to scan."
        "Use a larger subnet, /30 or wider.";
    SubnetOverlap: "{subnet} and {other} overlap."
        "Leave one of them out.";
    SubnetTooLarge: "{subnet} has {addresses} addresses; scanning them takes minutes and is refused unless asked for."
        "Narrow the subnet, or ask for it explicitly with --allow-large.";
    NoSubnet: "This computer is on no network that could be scanned."
        "Connect to your LAN, or name a subnet with --subnet.";
    HostUnresolved: "The name {address} has no address."
        "Check the spelling, or use the machine's IP address.";
    HostUnreachable: "{address} cannot be reached."
        "Is the machine on, and on the same network as this computer?";
    ConnectionRefused: "{address} refused the connection on port {port}."
        "Switch SSH on there (on Raspberry Pi OS: sudo systemctl enable --now ssh), or correct the port.";
    ConnectionTimedOut: "{address} did not answer on port {port} in time."
        "Is the machine on, and does a firewall let port {port} through?";
    ConnectionLost: "The connection to {address} broke off."
        "Wait until the machine is back, then continue: what is done stays done.";
    NotSsh: "Something other than SSH answers on {address} port {port}."
        "Correct the port.";
    ScanSourceFailed: "One way of looking for machines failed."
        "The others went on; machines that only it would have found are missing.";
    HostKeyRevoked: "The key of {address} is marked as revoked in {path}."
        "Do not connect. Give the machine a new host key.";
    HostKeysUnreadable: "Accepted host keys cannot be kept in {path}."
        "Check that the file is yours and can be written.";
    SshNegotiationFailed: "{address} and Portico have no way of encryption in common."
        "Update the SSH server there.";
    SshChannelRefused: "{address} let you in but runs no commands."
        "Choose a user with an ordinary shell.";
    SshConfigInvalid: "{path} cannot be understood."
        "Correct it; the details name the line.";
    SshConfigUnsupported: "~/.ssh/config sets {option} for {host}, which Portico cannot follow."
        "Name the machine by an address that this computer reaches directly.";
    LocalFileUnreadable: "A file on this computer could not be read."
        "The details name it.";
    PasswordNeeded: "{address} needs the password of {user}."
        "Give it; it is kept for this run only unless you say otherwise.";
    HostKeyUnknown: "{address} has not been connected to before. Its key is {fingerprint} ({kind})."
        "Compare it with what the machine itself shows (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then accept it.";
    HostKeyChanged: "{address} shows another key than before. Known: {pinned}. Now: {fingerprint}."
        "If you set the machine up anew, forget the old key. If not, somebody may be in between: do not go on.";
    AuthenticationFailed: "{address} did not let {user} in (tried: {tried})."
        "Check the user name, and that your key is in ~/.ssh/authorized_keys there.";
    PasswordWrong: "{address} did not accept the password of {user}."
        "Type it again, or use a key.";
    KeyFileMissing: "There is no key file {path}."
        "Correct the path, or make a key with ssh-keygen -t ed25519.";
    KeyFileUnreadable: "The key file {path} cannot be read."
        "Check that it is a private OpenSSH key and that you may read it.";
    KeyKindUnsupported: "{path} is a {kind}, which cannot be used to log in."
        "Choose a private ed25519 or RSA key in OpenSSH format.";
    PassphraseNeeded: "The key {path} is locked with a passphrase."
        "Give the passphrase, or load the key into your agent with ssh-add.";
    PassphraseWrong: "The passphrase does not open {path}."
        "Type it again.";
    AgentUnavailable: "No SSH agent answers."
        "Start one (eval $(ssh-agent); ssh-add), or choose a key file.";
    SudoRefused: "{user} may not use sudo on {address}."
        "Connect as a user who may, or add {user} to the sudo group there.";
    SudoPasswordNeeded: "sudo on {address} asks for the password of {user}."
        "Give the password; it is kept for this run only unless you say otherwise.";
    SudoPasswordWrong: "sudo on {address} did not accept the password of {user}."
        "Type it again.";
    KeyringUnavailable: "This computer offers no keyring to keep secrets in."
        "Install one (for example gnome-keyring), or keep the secret for this run only.";
    KeyringLocked: "The keyring is locked."
        "Unlock it and try again.";
    SecretMissing: "The keyring holds no {secret}."
        "Give it once more.";
    ScriptRefused: "{script} refused on {machine}: {reason}"
        "The details have its words. Nothing was changed there.";
    ArtefactMissing: "{file} is not in {folder}."
        "Put it there: for an air gap the folder needs the binary, its checksums and the installer.";
    ArchUnsupported: "K3s is not made for {arch} machines."
        "Use a machine with an x86-64, ARM64 or ARMv7 processor.";
    CacheUnusable: "Downloads cannot be kept in {file}."
        "Check that the folder is writable.";
    ChannelUnknown: "There is no K3s channel {channel}."
        "Choose one of: {channels}";
    ChecksumMissing: "{list} names no checksum for {file}."
        "Without one it is not run. Try another mirror or version.";
    CgroupMemoryMissing: "The memory cgroup is off on {machine}."
        "Preview again: Portico offers to switch it on.";
    CgroupV1Refused: "This Kubernetes refuses machines with cgroup v1."
        "Set options.allow_cgroup_v1 in the document, or use a newer system.";
    DatastoreForeign: "{machine} holds data of another cluster."
        "Uninstall that K3s there first.";
    DefaultRouteMissing: "{machine} has no default route, which K3s needs."
        "Give it a gateway.";
    EtcdNotReady: "The servers' database has no majority."
        "Check that the other servers run, then continue.";
    EtcdSilent: "The database on {machine} does not answer its server; the other servers carry the cluster."
        "Look at its log: sudo journalctl -u k3s. If it stays so, restart K3s there: sudo systemctl restart k3s";
    NodeCertificateEnds: "The certificate of K3s on {machine} ends on {when}."
        "K3s makes a new one when it starts: sudo systemctl restart k3s, on a worker k3s-agent. What runs there goes on meanwhile.";
    ClusterKeyEnds: "This computer's key to the cluster ends on {when}."
        "K3s makes a new one when it starts: sudo systemctl restart k3s on the server. Portico then fetches it by itself, if it can log in there: connect to the server for that.";
    InterfaceMissing: "{machine} has no interface {interface}{name}."
        "Correct machines[].interface.";
    ImageNotPulled: "The image {image} cannot be pulled."
        "Give the machines a way to the internet, or put its archive into the folder of an air gap. Then continue.";
    KernelModuleMissing: "The kernel of {machine} lacks the module {module}."
        "Install the matching kernel modules package and restart.";
    NodeNameTaken: "The cluster knows another machine by the name of {machine}."
        "Give it another name, or delete the old node.";
    OutOfMemory: "{machine} ran out of memory."
        "Use a machine with more, or run less on it.";
    SelinuxDenied: "SELinux on {machine} stopped K3s."
        "Install the package k3s-selinux there.";
    ServerFlagsDiffer: "The servers' settings differ."
        "Use the same options for all servers.";
    ServerNotTrusted: "{machine} does not trust the server's certificate."
        "Continue: the token is read from the server anew.";
    ServerUnreachable: "{machine} does not reach the server at {address}:{port}."
        "Open the port in the firewalls in between.";
    ScriptFailed: "{script} failed on {machine} with status {status}."
        "The log of this step has its output.";
    MachineUnfit: "{machine} does not fit ({check})."
        "The check says what to do; then preview again.";
    NoSpaceLeft: "There is no space left for {file} on {machine}."
        "Free some space there, then continue.";
    ChecksumMismatch: "{file} is not what it should be: expected {expected}, found {found}."
        "The download is damaged or was tampered with. It was not run. Try again, or use another mirror.";
    DownloadFailed: "{url} could not be downloaded: {reason}"
        "Check the connection or the mirror's address, then continue.";
    VersionUnknown: "There is no K3s {version}."
        "Choose a version that exists: {channels}";
    ServiceDidNotStart: "K3s did not start on {machine}."
        "The log of this step has its last lines.";
    PortInUse: "Port {port} on {machine} is taken by {process|another program}."
        "Stop it, then continue.";
    TokenRejected: "The cluster did not accept {machine}'s token."
        "Continue: the token is read from the server anew.";
    ClockSkewed: "The clock of {machine} is off by {seconds|an unknown number of} seconds."
        "Switch time synchronisation on there: sudo timedatectl set-ntp true";
    OwnClockSkewed: "This computer's clock is off by {seconds} seconds; the machines agree with one another."
        "Switch time synchronisation on: certificates look expired, or not yet valid, by a wrong clock.";
    RebootTimedOut: "{machine} has not come back after its restart."
        "Look at the machine; once it is up, continue.";
    ForeignK3s: "{machine} already runs a K3s that Portico did not install."
        "Adopting it is not possible yet. Choose another machine, or uninstall that K3s.";
    NodeNotReady: "The node {node} is not Ready: {reason}."
        "Is the machine on and in the network? If it is, its log says more.";
    NodePressure: "{node} runs out of {pressure}."
        "Kubernetes puts no new pods there, and ends some. Make room: old images go by themselves, logs and volumes do not.";
    NodeCordoned: "New pods are kept off {node}."
        "Somebody cordoned it. When the work is done: kubectl uncordon {node}";
    VersionsDiffer: "{node} runs {version}, others run {newest}."
        "Kubernetes bears that for a while only. Bring all machines to one version.";
    ReleaseEnded: "Nobody looks after Kubernetes {release} any more; this cluster runs {version}."
        "Plan the upgrade to a newer minor version, one after the other.";
    TwoServers: "Two servers are less safe than one: if either fails, neither can work."
        "Use one server, or three.";
    NoServer: "No machine has the role of a server."
        "Make one machine, or three, a server.";
    DuplicateName: "{field} \"{value}\" is used twice."
        "Give each machine its own.";
    AnotherCluster: "Portico looks after the cluster {present}; the document describes {asked}."
        "Use the name {present}, or another data folder (--data).";
    MachineLeft: "{machine} is part of the cluster but not of the document."
        "Put it back: removing machines is not possible yet.";
    NoCluster: "There is no cluster yet."
        "Build one first: portico apply cluster.yaml";
    NoReadyWorker: "No node that could carry the ingress is Ready."
        "Bring a worker back, then try again.";
    KubeUnreachable: "The cluster's API does not answer."
        "Is the server machine on? portico flow shows what can be seen.";
    KubeRefused: "The cluster refused {object}: {reason}"
        "Nothing of it was changed. The details have the API server's own words.";
    KubeConflict: "{object} is also managed by {manager}."
        "Decide who manages it; Portico does not take it over.";
    ChartFailed: "The chart {chart} could not be installed."
        "The log of this step has Helm's own words. Once it is mended, continue.";
    WorkloadNotReady: "{workload} has no ready pod."
        "Look at its events: kubectl describe deployment {workload}";
    ServiceMissing: "There is no service {service} with port {port} in {namespace}."
        "portico services lists those there are.";
    CloudflareUnreachable: "Cloudflare does not answer."
        "Check this computer's internet connection, then continue.";
    CloudflareToken: "Cloudflare does not accept the token."
        "Make a new token and enter it; the old one may have expired or been revoked.";
    CloudflareScope: "The Cloudflare token lacks the permission {permission}{place}."
        "Edit the token in Cloudflare's dashboard and add it; portico token --link opens the form.";
    CloudflareRateLimit: "Cloudflare asks to wait {seconds} s."
        "Portico goes on by itself after that; or continue later.";
    CloudflareRefused: "Cloudflare refused the change: {message} ({number})"
        "Nothing of it was changed.";
    ZoneMissing: "{hostname} lies in no zone of this account."
        "Use a name below one of: {zones}";
    HostnameInvalid: "\"{hostname}\" cannot be a hostname: {reason}"
        "Use letters, digits and hyphens, like echo.example.com.";
    ServiceNameTaken: "Another service is called {service} already."
        "Give this one another name, or hide the other one first.";
    HostnameTaken: "{hostname} already leads to {service}."
        "Choose another name.";
    RecordConflict: "{hostname} has a {type} record of yours already: {content}"
        "It was left as it is. Choose another name, or say that Portico may take this one over: --adopt";
    RouteConflict: "The tunnel leads {hostname} to {service} already."
        "It was left as it is. Choose another name, or say that Portico may take this one over.";
    RouteOverwritten: "Somebody else changed the routes of the tunnel at the same moment."
        "Their change may be lost: compare the tunnel's public hostnames in Cloudflare's dashboard, then continue.";
    AccessConflict: "The Access application \"{app}\" stands in front of {hostname} already."
        "It was left as it is. Remove it in Zero Trust, or expose the service without --access.";
    AccessNeedsPublic: "{hostname} is reachable on the LAN only; Access guards public names."
        "Make it public, or leave the e-mail addresses out.";
    AccessNotSetUp: "This Cloudflare account has no Zero Trust organization."
        "Open Zero Trust once in Cloudflare's dashboard and choose a team name (free), then continue.";
    NameTooDeep: "{hostname} is deeper than Cloudflare's free certificate for {zone} reaches."
        "Use a name with one label before {zone}, or keep the service on the LAN.";
    TunnelMissing: "There is no tunnel called {tunnel|that}."
        "portico stack set --tunnel NAME makes one.";
    TunnelDown: "The tunnel {tunnel} is {status}."
        "Look at its pods: kubectl -n cloudflared get pods. They need a way out on port 7844.";
    TunnelInUse: "The tunnel {tunnel} still has connections."
        "They close within a few minutes of the last cloudflared; then continue.";
    RedirectLoop: "{hostname} redirects to itself for ever."
        "The ingress sends visitors to HTTPS although Cloudflare already did: repair the service's Ingress.";
    HandEdited: "{object} was changed by hand: {fields}"
        "It was left as it is. portico stack repair puts a component right; or keep the change and leave Portico's as it is.";
    RecordMissing: "{hostname} has no record at its own name servers."
        "portico reconcile writes the records anew.";
    NegativeCache: "This computer's resolver remembers that {hostname} did not exist."
        "It forgets by itself, usually within minutes; restarting the router's DNS is quicker.";
    RebindingProtection: "Your router hides the private addresses of {hostname} ({expected})."
        "Allow the domain in its DNS rebinding protection, or use another resolver on the LAN.";
    ResolverStale: "Resolvers still give the former addresses of {hostname}: {found} instead of {expected}."
        "The former record's time to live has to pass; nothing is to be done.";
    ResolverDiffers: "This computer's resolver gives {found} for {hostname}, others give {expected}."
        "Something on the LAN answers for that name itself: look at the router, a Pi-hole, a VPN or /etc/hosts.";
    WildcardRecord: "The wildcard {name} answers for {hosts|every name without a record of its own}."
        "Names on the LAN break in browsers behind it (Encrypted Client Hello). Give each its own record: portico expose.";
    EncryptedHello: "{hostname} is reachable on the LAN only, yet resolvers offer Cloudflare's Encrypted Client Hello for it."
        "Browsers then refuse the certificate. Wait for the former record to be forgotten, or let the LAN's resolver answer HTTPS queries for it with nothing.";
    IngressRetired: "ingress-nginx has had no security fixes since March 2026; holes found since then have public exploits."
        "Move to Traefik, which understands the same annotations: portico stack move-ingress traefik";
    IngressNotAccepted: "{hostname} would be open to the internet through ingress-nginx, which gets no security fixes any more."
        "Move to Traefik first (portico stack move-ingress traefik), or say yes to it once: --accept-retired-ingress";
    TraefikTooOld: "This Traefik is {version|of an unknown version}; holes in its provider for nginx annotations are closed from {needed} on."
        "Upgrade K3s, or accept that version: portico stack move-ingress traefik --accept {version}";
    TraefikNotBundled: "K3s {k3s} brings a Traefik older than {needed}."
        "Use K3s {since} or newer, or accept the older one: portico stack move-ingress traefik --accept VERSION";
    ComponentInUse: "{component} is in use: {user} needs it."
        "Remove what needs it first.";
    ComponentMissing: "{component} is not installed here."
        "portico stack shows what is.";
    NoTunnel: "There is no tunnel that the internet could come through."
        "Set one up first: portico stack set --tunnel portico-home";
    CloudflareNotUsed: "This homelab does without Cloudflare."
        "Keep {hostname|it} on the LAN, or set Cloudflare up.";
    HostnameOutside: "{hostname} is not below {domain}."
        "Choose a name that ends in .{domain}.";
    NamesInUse: "Services have names still, {hostname} among them."
        "Remove those first.";
    NameNotAtHome: "Your network does not lead {hostname} to {expected}; its resolver says: {found|nothing}."
        "Tell your router, once for all names: portico home shows the lines.";
    ExposureMissing: "No service is called {service}."
        "portico services lists them.";
    CertificatePending: "The certificate {certificate} is on its way; it waits at {link}: {reason}"
        "DNS-01 takes a minute or two. If it stays so, the details have cert-manager's own words.";
    CertificateFailed: "The certificate {certificate} does not come: {link} failed ({reason})."
        "The details have the authority's own words. A wrong token: portico token --cluster. Then continue.";
    TokenTooWide: "This token can do more than the cluster needs ({permission})."
        "Make a second token with Zone Read and DNS Edit only: portico token --cluster --link opens the form.";
    TokenEnds: "Your Cloudflare token ends on {when}."
        "Make a new one in time and replace it: portico token";
    SealingFailed: "The cluster's token could not be sealed."
        "Is sealed-secrets healthy? portico stack shows it; then continue.";
    KeysNewer: "The sealed-secrets keys {keys} are in no backup."
        "Save them: portico keys save FILE. Without them, what is sealed cannot be opened again.";
    KeysUnreadable: "The cluster has no sealed-secrets keys."
        "Install sealed-secrets first: portico stack.";
    BackupUnreadable: "{path} cannot be opened with this passphrase."
        "Type it again; if it is right, the file is no backup of Portico's, or is damaged.";
    LocalFileUnwritable: "{path} cannot be written."
        "Choose a folder that you may write to.";
    ForeignObject: "{object} is there already and was not made by Portico."
        "It was left as it is. Rename or remove it first.";
    ResolveFailed: "{hostname} should lead to {expected|your machines} but leads to {found|nothing}."
        "DNS may need a minute. If it stays so, look at the record.";
    WatcherSilent: "The watcher in the cluster does not answer, or asks nothing any more."
        "What happens while Portico is closed stays unknown until it does. Look at its pod: kubectl -n gatus get pods; or let Portico repair it.";
    WatcherSaw: "Asked from inside the cluster, {hostname} did not serve: {evidence}."
        "If it still does not, the hops on the way to {hostname} tell where it ends.";
    ProbeFailed: "{url} did not answer as expected: {reason}"
        "portico flow shows which hop is broken.";
    BackendSilent: "{hostname} answers {status}: nobody listens behind {service} on port {port}."
        "Does the app listen on that port? Expose the service again with the port that it has.";
    BackendFails: "{hostname} answers {status}: the app behind {service} has an error of its own."
        "The way to it is fine. Look at the app's log.";
    NameNotExposed: "{hostname} is none of your services. There are: {known|none yet}."
        "Is it spelt as you meant? Else expose a service under it: portico expose SERVICE --host {hostname}";
    AwayFromHome: "This computer is in {networks}, and the name leads to {workers}, in another network."
        "LAN-only names answer at home alone. Connect to your home network, or make the service public.";
    NetworkSilent: "Nothing answers this computer: neither the cluster nor the internet."
        "Is it in the network, and is the router on? Until then, how it is at home is unknown.";
    InternetAway: "The internet does not answer: no name server out there, and no way to a public name."
        "Is the line down? Look at the router. What runs at home goes on; its names cannot be looked up until the line is back.";
    ResolverSilent: "This computer's name server answers for none of your names."
        "Is what answers for names at home on, the router or a Pi-hole? Restart it, or enter another name server in the router.";
    IngressMissing: "The cluster has no rule that gives {hostname} to its service."
        "Somebody removed it. Exposing the service again puts it back.";
    IngressClassDiffers: "The rule for {hostname} names the ingress class {found|none}, which nobody here serves."
        "Somebody changed it. Exposing the service again shows the difference, and puts it right.";
    CertificateDiffers: "{address} shows a certificate for {found|another name} in place of one for {hostname}."
        "The controller does not have it yet, or cannot read it. Wait a minute, then look at the controller's log.";
    CertificateExpired: "The certificate that {address} shows for {hostname} has expired."
        "cert-manager did not renew it: portico stack shows how it is.";
    CertificateExpiring: "The certificate that {address} shows for {hostname} ends within two weeks and was not renewed."
        "cert-manager should have renewed it long ago: portico stack shows how it is.";
    RouteMissing: "The tunnel {tunnel} has no rule for {hostname}."
        "Somebody removed it. portico reconcile puts it back.";
    RouteElsewhere: "The tunnel's rule for {hostname} leads to {found} in place of {expected}."
        "If that was not you, expose the service again; Portico asks before it takes the rule over.";
    AccessMissing: "The login in front of {hostname} is gone: whoever knows the name gets in."
        "Exposing the service again with its addresses puts it back.";
    AccessDiffers: "The login in front of {hostname} lets in {found|nobody}, which is not what was asked for."
        "Exposing the service again with the addresses that you want puts it right.";
    AlertUnreachable: "{address} does not answer."
        "Is it spelt right, is the port right, and does this computer reach it?";
    AlertTlsFailed: "No encrypted connection to {address} could be made: {reason}"
        "Usually port 465 goes with TLS and port 587 with STARTTLS. A certificate of your own has to be trusted by this computer.";
    AlertUnencrypted: "Everybody on the way to {address} could read the secret."
        "Choose encryption. Without it only this computer itself can be written to.";
    AlertLoginRefused: "{address} does not accept the login: {reason|user or secret is wrong}"
        "Type it again. Many mail providers want a password made for this app alone.";
    AlertSenderRefused: "{address} does not take mail from {value}: {reason}"
        "Use the address of the account that you log in with.";
    AlertRecipientRefused: "{address} does not deliver to {value}: {reason}"
        "Is the address spelt right?";
    AlertRefused: "{address} refused the message: {reason}"
        "The answer is the server's own.";
    AlertRateLimit: "{address} takes no more messages for now."
        "Portico tries again by itself.";
    ChannelMissing: "There is no channel {channel}."
        "portico alerts lists those there are.";
    PlanStale: "Something changed since this plan was made."
        "Look at the new preview, then apply that.";
    ClusterBusy: "Another run ({run}) is at work on this cluster."
        "Wait for it, or cancel it: portico cancel {run}";
    RunMissing: "There is no run {run}."
        "portico runs lists them.";
    RunNotResumable: "The run {run} is {state}; there is nothing to continue."
        "Preview the change again if you want it once more.";
    StepTimedOut: "{step} did not become true in {waited} s: {waiting|nobody answered}."
        "Look at its log; then continue.";
    Cancelled: "Stopped on request."
        "portico resume {run} goes on where it stopped.";
    StoreFailed: "Portico's own database could not be used."
        "Check that {path} is writable and that the disk is not full.";
    ConfirmationNeeded: "Nothing was changed: nobody said yes."
        "Run it on a terminal and answer, or add --yes.";
    PracticeFailed: "The practice homelab could not start."
        "The details say which address or port it lacked.";
    PracticeMissing: "There is no practice homelab here."
        "The window offers one on its first page.";
    BrowserMissing: "The browser could not be opened."
        "Copy the address and open it yourself.";
    LinkRefused: "Portico opens {url} for nobody: it is neither one of your services nor a page that it knows."
        "If you trust it, type the address into your browser.";
    RequestMalformed: "The request does not have the shape that the command expects."
        "The details name the field.";
    Internal: "Something went wrong inside Portico."
        "Please report it with the details below.";
}
