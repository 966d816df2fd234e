import { describe, expect, it } from 'vitest';
import { Keys, shortcuts, type Press } from './shortcuts';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});

describe('shortcuts', () => {
  it('are told apart: none is the beginning of another, none is there twice', () => {
    const keys = shortcuts.map((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
    for (const one of keys)
      expect(
        keys.some((other) => other.startsWith(`${one} `)),
        one,
      ).toBe(false);
  });
  it('of two keys want both, and soon', () => {
    const keys = new Keys();
    expect(keys.press(press('g'), false, 0)).toBeNull();
    expect(keys.press(press('s'), false, 500)).toBe('page:services');
    expect(keys.press(press('s'), false, 600)).toBeNull();
    keys.press(press('g'), false, 1000);
    expect(keys.press(press('s'), false, 2500)).toBeNull();
  });
  it('leave what is typed alone, but for those with Ctrl or Command', () => {
    const keys = new Keys();
    expect(keys.press(press('n'), true, 0)).toBeNull();
    expect(keys.press(press('n'), false, 0)).toBe('add');
    expect(keys.press(press('k', { ctrlKey: true }), true, 0)).toBe('palette');
    expect(keys.press(press('k', { metaKey: true }), false, 0)).toBe('palette');
    expect(keys.press(press('n', { ctrlKey: true }), false, 0)).toBeNull();
    expect(keys.press(press('n', { altKey: true }), false, 0)).toBeNull();
  });
});
