// The words of alerts: where messages go beyond this computer, and when.
import type { ConditionSeverity, MailEncryption } from '../../api/types';
import type { ChannelField, TimingField } from '../../alerts/fields';
import type { Kind } from '../../alerts/channels';

export const alerts = {
  title: 'Alerts',
  note: 'Tells you what is wrong while you do not look: once for each cause, and once when it is over. Portico has to run for that, in its window or in the tray.',
  none: 'No message leaves this computer yet',
  noneText:
    'Add where you want to hear of it: your mailbox, your phone through ntfy, or a program of yours through a webhook. What you acknowledge, snooze or work on is not told.',
  channels: 'Channels',
  add: 'Add {kind}',
  kinds: { email: 'e-mail', ntfy: 'ntfy', webhook: 'webhook' } satisfies Record<Kind, string>,
  titles: { email: 'E-mail', ntfy: 'ntfy', webhook: 'Webhook' } satisfies Record<Kind, string>,
  where: {
    email: 'Mail to {recipient} through {host}',
    ntfy: 'Topic {topic} on {server}',
    webhook: 'Webhook at {host}',
  } satisfies Record<Kind, string>,
  from: {
    notice: 'Tells everything, also what is only worth knowing',
    degraded: 'Tells what is degraded or down',
    down: 'Tells only what is down',
  } satisfies Record<ConditionSeverity, string>,
  on: 'On',
  onOf: '{name} is told',
  last: 'Delivered {when}',
  failed: 'Not delivered {when}; Portico tries again',
  lost: 'Not delivered {when}',
  never: 'Nothing was sent yet',
  waiting: ['{count} message waits', '{count} messages wait'],
  noKeyring: 'The keyring does not answer, so that it is not known whether its secret is there.',
  test: 'Send a test',
  testing: 'Sending…',
  edit: 'Edit',
  remove: 'Remove',
  act: '{act}: {name}',
  sent: 'The test message was taken. Look whether it arrived.',
  removeAsk: 'Remove {name}?',
  removeText:
    'Nothing is told there any more. Its password, token, address or key is removed from the keyring, and what waits is not sent.',

  dialog: {
    add: 'Add {kind}',
    edit: 'Edit {name}',
    intro: {
      email:
        'Messages go through the mail server of your own account, as with any mail program. Your provider’s help pages name server, port and login.',
      ntfy: 'ntfy brings messages to your phone: install its app, subscribe to a topic of your choice, and name it here. Whoever knows the topic can read along, so choose one that nobody guesses, or a server with a token.',
      webhook:
        'A program of yours gets JSON by POST, such as Home Assistant, Node-RED or a chat. The fields are documented in docs/alerts.md.',
    } satisfies Record<Kind, string>,
    encryption: 'Encryption',
    encryptions: {
      tls: 'TLS',
      starttls: 'STARTTLS',
      none: 'None',
    } satisfies Record<MailEncryption, string>,
    from: 'Tell from',
    tryIt: 'Send a test',
    save: 'Save the channel',
    practice: 'Fill in what the practice homelab offers',
    noKeyring:
      'The keyring could not be used. The secret can be kept for this run only; then you are asked again.',
    thisRun: 'Only until Portico ends',
    secretKept: 'One is stored. Leave it empty to keep it.',
    secretMissing: 'Type it: it is not stored, or was stored for another server.',
    wrongLogin: 'Not accepted: {reason}. Many providers want a password made for this app alone.',
  },
  fields: {
    name: 'Name',
    host: 'Mail server',
    port: 'Port',
    encryption: 'Encryption',
    user: 'User',
    secret: 'Secret',
    sender: 'From',
    recipient: 'To',
    server: 'Server',
    topic: 'Topic',
    url: 'Address',
  } satisfies Record<ChannelField, string>,
  secrets: {
    email: 'Password',
    ntfy: 'Access token',
    webhook: 'Signing key',
  } satisfies Record<Kind, string>,
  hints: {
    user: 'Empty if the server asks for no login.',
    email: 'Kept in the keyring of this computer.',
    ntfy: 'Only if the server asks for one. Kept in the keyring.',
    webhook: 'Optional: messages are signed with it (Standard Webhooks). Kept in the keyring.',
    url: 'Kept in the keyring like a password, since whoever knows it can send there.',
    urlKept: 'The one at {host} is stored. Leave it empty to keep it.',
  },

  timing: {
    title: 'When',
    quiet: 'Quiet hours',
    quietNote: 'What happens then is held back, and comes as one message when they end.',
    from: 'From',
    until: 'Until',
    through: 'Comes through all the same',
    throughs: { nothing: 'Nothing', down: 'What is down', degraded: 'What is degraded or down' },
    digest: 'Daily digest',
    digestNote:
      'All that stands and what was over, once a day; also when all is well, so that you know that messages arrive.',
    at: 'At',
    perHour: 'Messages an hour to each channel, at the most',
    perHourNote: 'What is more waits, and comes as one message.',
    save: 'Save',
    saved: 'Saved.',
    time: 'Write it like 22:00.',
    fields: {
      quietFrom: 'From',
      quietUntil: 'Until',
      digest: 'The time of the digest',
      perHour: 'The number',
    } satisfies Record<TimingField, string>,
  },
} as const;
