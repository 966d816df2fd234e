// Which field can put a refusal right, as the backend names it; and what is said there.
import type { Problem } from '../api/types';
import { t } from '../text/catalogue';
import { fill, told } from '../text/format';

export const channelFields = [
  'name',
  'host',
  'port',
  'encryption',
  'user',
  'secret',
  'sender',
  'recipient',
  'server',
  'topic',
  'url',
] as const;
export type ChannelField = (typeof channelFields)[number];
export const timingFields = ['quietFrom', 'quietUntil', 'digest', 'perHour'] as const;
export type TimingField = (typeof timingFields)[number];

/** The field of a form that a problem is about; null when it is about none of them. */
export function fieldOf<F extends string>(problem: Problem | null, fields: readonly F[]): F | null {
  return fields.find((field) => field === problem?.args.field) ?? null;
}

/** What stands at the field. The backend's name of it is replaced by what the form calls it. */
export function saidAt(problem: Problem, label: string): string {
  const { dialog } = t.alerts;
  if (problem.code === 'secret-missing') return dialog.secretMissing;
  if (problem.code === 'alert-login-refused') return fill(dialog.wrongLogin, problem.args);
  return told({ ...problem, args: { ...problem.args, field: label } });
}
