// The shape of each health, in a square of 16: one description for the window and for exported pictures.
import type { Health } from '../api/types';

export interface Stroke {
  d: string;
  /** In the health's own colour, or in that of the ground it lies on. */
  ink: 'own' | 'ground';
  /** The line's width; without it the shape is filled. */
  width?: number;
  dash?: string;
}
const circle = (radius: number) =>
  `M${8 - radius} 8a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;

export const marks: Record<Health, readonly Stroke[]> = {
  up: [
    { d: circle(7), ink: 'own' },
    { d: 'm4.8 8.2 2.2 2.2 4.2-4.6', ink: 'ground', width: 1.7 },
  ],
  degraded: [
    { d: 'M8 .8 15.2 8 8 15.2.8 8z', ink: 'own' },
    { d: 'M8 4.6v4M8 10v1.5', ink: 'ground', width: 1.5 },
  ],
  down: [
    { d: 'M8 1 15.2 14.4H.8z', ink: 'own' },
    { d: 'M8 5.8v4M8 11.2v1.4', ink: 'ground', width: 1.5 },
  ],
  unknown: [{ d: circle(6), ink: 'own', width: 2, dash: '2.5 2' }],
};
