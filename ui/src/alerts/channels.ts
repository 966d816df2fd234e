// Channels of alerts as a form has them: every field as typed, and from that what is sent.
import type { AlertChannel, AlertWay, ConditionSeverity, MailEncryption, SetChannel } from '../api/types';

export type Kind = AlertWay['kind'];
export const kinds: readonly Kind[] = ['email', 'ntfy', 'webhook'];
export const severities: readonly ConditionSeverity[] = ['notice', 'degraded', 'down'];
export const encryptions: readonly MailEncryption[] = ['tls', 'starttls', 'none'];

/** Where each kind of encryption is usually spoken. */
const usual: Record<MailEncryption, string> = { tls: '465', starttls: '587', none: '25' };

export interface Typed {
  name: string;
  from: ConditionSeverity;
  host: string;
  port: string;
  encryption: MailEncryption;
  user: string;
  sender: string;
  recipient: string;
  server: string;
  topic: string;
  secret: string;
  url: string;
}

/** What a form begins with: what is kept, else what is usual. */
export function typed(channel: AlertChannel | null, name: string): Typed {
  const form: Typed = {
    name: channel?.name ?? name,
    from: channel?.from ?? 'degraded',
    host: '',
    port: usual.tls,
    encryption: 'tls',
    user: '',
    sender: '',
    recipient: '',
    server: 'https://ntfy.sh',
    topic: '',
    secret: '',
    url: '',
  };
  const way = channel?.way;
  if (way?.kind === 'email') return { ...form, ...way, port: String(way.port), user: way.user ?? '' };
  return way?.kind === 'ntfy' ? { ...form, server: way.server, topic: way.topic } : form;
}

/** The port follows the encryption, unless it was set to another one than the usual. */
export function portFor(encryption: MailEncryption, form: Typed): string {
  return form.port === usual[form.encryption] ? usual[encryption] : form.port;
}

function wayOf(kind: Kind, form: Typed): AlertWay {
  const text = (value: string) => value.trim();
  switch (kind) {
    case 'email':
      return {
        kind,
        host: text(form.host),
        // What is no port is refused by the backend, at its field.
        port: /^\d{1,5}$/.test(text(form.port)) && Number(form.port) < 65_536 ? Number(form.port) : 0,
        encryption: form.encryption,
        user: text(form.user) === '' ? null : text(form.user),
        sender: text(form.sender),
        recipient: text(form.recipient),
      };
    case 'ntfy':
      return { kind, server: text(form.server), topic: text(form.topic) };
    case 'webhook':
      // Read off the address by the backend.
      return { kind, host: '' };
  }
}

export function draft(kind: Kind, form: Typed, before: AlertChannel | null, thisRun: boolean): SetChannel {
  const given = (value: string) => (value === '' ? null : value);
  return {
    channel: {
      id: before?.id ?? '',
      name: form.name.trim(),
      on: before?.on ?? true,
      from: form.from,
      way: wayOf(kind, form),
    },
    secret: given(form.secret),
    url: given(form.url.trim()),
    thisRun,
  };
}

/** Minutes after midnight as a time field has them, and back; null for what is no time. */
export const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

export function minuteOf(text: string): number | null {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}
