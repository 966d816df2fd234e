// The words of the page Credentials: tokens, logins, host keys, and the file that opens the cluster.
import type { Keyring, LoginMethod } from '../../api/types';

export const credentials = {
  intro: 'What Portico keeps to act for you, and to know your machines again. No secret is ever shown here.',
  keyrings: {
    'secret-service':
      'Secrets that are to be remembered are in the keyring of your desktop (Secret Service: GNOME Keyring, KWallet). It is locked with your login.',
    keychain: 'Secrets that are to be remembered are in your macOS Keychain. It is locked with your login.',
    'credential-manager':
      'Secrets that are to be remembered are in the Windows Credential Manager. It is locked with your login.',
    memory:
      'Here, nothing is put into the keyring of this computer: what is to be remembered is gone when Portico ends.',
  } satisfies Record<Keyring, string>,
  tokens: 'Cloudflare tokens',
  noTokens:
    'Your homelab answers for its names itself, without Cloudflare: no token is needed, and none is kept.',
  columns: {
    machine: 'Machine',
    login: 'Login',
    secrets: 'Remembered',
    fingerprint: 'SHA-256 fingerprint',
    acts: 'Actions',
  },
  member: 'in your cluster',
  logins: {
    title: 'Machine logins',
    text: 'How Portico logs in to each machine. A password or passphrase is remembered only where you said so.',
    none: 'No login is stored yet. Once you connect to a machine, it is listed here: with which user, by what, and whether a password is remembered.',
    toMachines: 'Find machines',
    methods: {
      usual: 'As ssh does',
      agent: 'SSH agent',
      'key-file': 'Key file',
      password: 'Password',
    } satisfies Record<LoginMethod['kind'], string>,
    secrets: { password: 'password', sudo: 'sudo password', passphrase: 'passphrase' },
    kept: {
      keyring: '{secret}: in the keyring',
      'this-run': '{secret}: for this run',
      unknown: '{secret}: not known, the keyring does not answer',
    },
    nothing: 'nothing',
    again: 'Connect again',
    forget: 'Forget',
    act: '{act}: {name}',
    ask: 'Forget the login to {name}?',
    askText:
      'Portico forgets with which user and by what it logs in to {address}, and removes its remembered password and passphrase from the keyring. Nothing changes on the machine. When it is needed again, Portico tries what ssh would try, and asks for the rest.',
    askMember:
      '{name} is part of your cluster. The cluster runs on, but Portico may have to ask you before it can look at this machine or change it.',
    confirm: 'Forget the login',
  },
  channels: {
    title: 'Alerts',
    text: 'What messages prove themselves with where they go.',
    toAlerts: 'To the channels',
    secrets: {
      'smtp-password': 'password',
      'ntfy-token': 'access token',
      'webhook-url': 'address',
      'webhook-key': 'signing key',
    },
    forget: 'Forget',
    ask: 'Forget the secrets of {name}?',
    askText:
      'The channel stays, but nothing can be delivered there until you type them again in Settings. Messages wait up to a day for that.',
    confirm: 'Forget the secrets',
  },
  hostKeys: {
    title: 'Pinned host keys',
    text: 'By its host key Portico knows that it speaks to your machine, and to no other at the same address. Each was accepted by its fingerprint. To compare one, run this on the machine:',
    compare: 'Command that shows the fingerprints',
    none: 'No host key is pinned yet. At the first contact with a machine Portico shows its fingerprint and asks; only then is the key kept.',
    act: 'Forget the host key of {name}',
    ask: 'Forget the host key of {name}?',
    askText:
      'At the next connection the machine shows its key, and Portico asks you to compare it as at the first contact. This is right when you set the machine up anew, or when it is gone.',
    warning:
      'If Portico warned you of a changed key and you do not know why it changed, keep the old one: somebody may stand between you and the machine.',
    label: 'Pinned',
    confirm: 'Forget the key',
  },
  file: {
    title: 'The way into the cluster',
    text: 'The kubeconfig of your cluster is a file on this computer. It is the only secret that Portico keeps in a file of its own: whoever can read it can do everything in the cluster.',
    own: 'Only you can read it (mode {mode})',
    others: 'Others on this computer can read it (mode {mode})',
  },
} as const;
