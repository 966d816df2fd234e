import { describe, expect, it } from 'vitest';
import { laidOut } from './situations';

describe('the switches', () => {
  it('stand at their machine, or among those about all of it, and none is lost', () => {
    const machine = { name: 'pi-1', address: '127.77.0.11', user: 'pi', password: 'x', note: '' };
    const off = { kind: 'machine-off' as const, subject: 'pi-1', on: false };
    const internet = { kind: 'internet-down' as const, subject: null, on: true };
    const wildcard = { kind: 'wildcard-added' as const, subject: 'example.test', on: false };
    expect(laidOut({ machines: [machine], situations: [off, internet, wildcard] })).toEqual({
      machines: [{ machine, switches: [off] }],
      others: [internet, wildcard],
    });
  });
});
