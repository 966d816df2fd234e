import { describe, expect, it } from 'vitest';
import { matching, score, type Command } from './commands';

const command = (label: string, aside?: string): Command => ({
  id: label,
  group: 'services',
  label,
  aside,
  run: { hop: label },
});

describe('the palette', () => {
  it('prefers the beginning of the label, then of a word, then the middle, then scattered letters', () => {
    const points = ['grafana', 'my grafana', 'autografana', 'g r a f'].map((label) => score(label, 'graf'));
    expect(points).toEqual([...points].sort((a, b) => Number(b) - Number(a)));
    expect(new Set(points).size).toBe(4);
  });
  it('wants every word', () => {
    expect(score('Add a service', 'add serv')).not.toBeNull();
    expect(score('Add a service', 'add machine')).toBeNull();
  });
  it('finds by what is said beside, and keeps the order where nothing was typed', () => {
    const all = [command('echo', 'echo.example.test'), command('grafana', 'dash.example.test')];
    expect(matching(all, 'dash')).toEqual([all[1]]);
    expect(matching(all, '')).toEqual(all);
  });
});
