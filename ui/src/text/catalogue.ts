// The words of the window in its language, as `t`.
import { en } from './en';

export const t = en;
