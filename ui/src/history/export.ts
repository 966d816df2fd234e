// The rows behind one history as a file for the person.
import { call } from '../api/door';
import type { History } from '../api/types';
import { save } from '../components/save';
import { t } from '../text/catalogue';
import { csv, json } from './csv';
import { nameOf } from './subjects';

export const formats = ['csv', 'json'] as const;
export type Format = (typeof formats)[number];

export async function exportHistory(format: Format, of: Pick<History, 'subject' | 'window'>): Promise<void> {
  const { subject, window } = of;
  const { rows } = await call('history-export', { subject, window });
  const file =
    format === 'csv'
      ? new Blob([csv(subject, rows)], { type: 'text/csv;charset=utf-8' })
      : new Blob([json(subject, window, rows)], { type: 'application/json' });
  save(`${t.history.exportName}-${nameOf(subject)}-${window}.${format}`, file);
}
