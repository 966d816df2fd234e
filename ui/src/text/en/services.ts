// The words of the page Services and of its forms.
import type { App, Reach } from '../../api/types';

export const services = {
  add: 'Add service',
  find: 'Find a service',
  emptyTitle: 'Open your first service',
  emptyText:
    'A service is a program in your cluster with a name of its own. Start with echo, a tiny one that answers with what it was asked: it shows that every hop works.',
  needCluster: 'Services need a cluster. Build one first, then come back.',
  toCluster: 'Build a cluster',
  columns: {
    name: 'Service',
    address: 'Address',
    reach: 'Who can reach it',
    health: 'Health',
    acts: 'Actions',
  },
  reach: { lan: 'LAN only', public: 'Public', login: 'Public, with a login' },
  admitted: 'Let in: {emails}',
  inFlow: 'Show {name} in the flow',
  qr: 'QR code of {name}, for a phone',
  qrOf: 'QR code of {url}',
  qrLan: 'It answers while the phone is in your home network.',
  edit: 'Change',
  editOf: 'Change who can reach {name}',
  hide: 'Hide',
  hideOf: 'Hide {name}',
  anew: 'Write the records anew',
  names: 'Names in your zone',
  leaning: 'These names lean on {wildcard}: {hosts}',
  explicit:
    'Give them records of their own: add them here as services, then remove {wildcard} at Cloudflare.',

  formTitle: 'Add a service',
  formText: 'The service gets a name in your zone, and that name leads to your own machines.',
  which: 'What to open',
  echo: 'echo',
  echoText: 'A tiny program that answers with what it was asked. It shows that every hop works.',
  apps: { grafana: 'Grafana', argocd: 'Argo CD' } satisfies Record<App, string>,
  appTexts: {
    grafana: 'Dashboards of your machines and services, with the Prometheus that measures them.',
    argocd: 'Keeps what runs in the cluster the same as what stands in a Git repository.',
  } satisfies Record<App, string>,
  other: 'A service of the cluster',
  otherText: 'One that runs already. It is referred to, and stays as it is.',
  otherNone: 'There is none yet that could be opened.',
  service: 'Service',
  hostname: 'Name',
  hostnameHint: 'The part before the zone, such as echo.',
  nameRules: {
    empty: 'a part between the dots is empty.',
    long: 'a part is longer than 63 characters.',
    characters: 'a part has other characters, or begins or ends with a hyphen.',
  },
  zone: 'Zone',
  zoneHint: 'A domain in your Cloudflare account.',
  noZones: 'No zone is known. Portico writes the name through Cloudflare, with a token of yours.',
  tokenOther: 'Use another token',
  full: 'It will answer at {hostname}.',
  adopt: 'Take it over: Portico may replace what is there',

  reachLegend: 'Who can reach it',
  reachOptions: { lan: 'My LAN', public: 'The internet' } satisfies Record<Reach, string>,
  lanText: 'Only machines in your home network: the name leads to private addresses.',
  publicText:
    'Everybody on the internet, through a tunnel from your cluster to Cloudflare. No port of your router is opened.',
  shows: {
    none: 'There is no certificate yet, so browsers call it not secure.',
    cluster: 'The cluster shows a certificate of its own for it.',
    cloudflare: 'Cloudflare shows the certificate.',
    service: 'The service shows its own certificate.',
  },
  showsHome: "Your homelab's own authority signs for it.",
  atHome:
    'This homelab does without Cloudflare, and without it nobody comes in from the internet. Remove the services first, then set Cloudflare up.',
  toCertificates: 'Set up certificates',
  noTunnel:
    'There is no tunnel yet. A tunnel is a connection that the cluster itself opens to Cloudflare; visitors come in through it, and your router stays closed.',
  toTunnel: 'Set up a tunnel',
  toTraefik: 'Move to Traefik',
  acceptRetired: 'I know; open it all the same',
  emails: 'Who may log in',
  emailsHint:
    'E-mail addresses with a comma or a space between. Cloudflare asks for one of them, and sends a code to it. Empty: no login.',
  emailsWrong: '{email} is no e-mail address. Write it like me@example.com.',
  apply: 'Add the service',
  doneTitle: '{hostname} answers',

  editTitle: '{hostname}: who can reach it',
  applyEdit: 'Change it',
  hideTitle: 'Hide {hostname}',
  hideText:
    'The name goes from DNS, and with it the route and the login in front of it. Nobody is led to the service any more.',
  hideKinds: {
    echo: 'The echo app goes, too; it holds no data.',
    service: 'The service itself stays in the cluster, as it is.',
    app: 'The app stays in the cluster, with its data.',
  },
  uninstall: 'Remove the app and its data, too',
  applyHide: 'Hide it',
  hideDone: '{hostname} is hidden',
} as const;
