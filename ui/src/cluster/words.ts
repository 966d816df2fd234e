// A layout in words.
import { t } from '../text/catalogue';
import { many } from '../text/format';
import type { Shape } from './roles';

export const shapeWords = ({ servers, workers }: Shape): string =>
  [servers > 0 ? many(servers, ...t.lanes.servers) : '', workers > 0 ? many(workers, ...t.lanes.workers) : '']
    .filter((part) => part !== '')
    .join(' + ');
