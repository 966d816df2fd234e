import { describe, expect, it } from 'vitest';
import { choices, exposure } from './choices';
import { hostnameProblem } from './hostname';

describe('hostnameProblem', () => {
  it.each(['echo.example.test', 'a.b.example.test', 'x1-y2.example.test', 'grüße.example.test'])(
    'lets %s pass',
    (name) => expect(hostnameProblem(name)).toBeNull(),
  );
  it.each([
    '-echo.example.test',
    'echo-.example.test',
    'my echo.example.test',
    'my_echo.example.test',
    'a..example.test',
    `${'a'.repeat(64)}.example.test`,
  ])('refuses %s', (name) =>
    expect(hostnameProblem(name)).toMatchObject({ code: 'hostname-invalid', args: { hostname: name } }),
  );
});

describe('choices', () => {
  const options = choices([{ namespace: 'monitoring', name: 'grafana', ports: [80, 3000] }]);

  it('offers echo first, then each port of each service', () => {
    expect(options.map(({ value }) => value)).toEqual([
      'echo',
      'monitoring/grafana:80',
      'monitoring/grafana:3000',
    ]);
  });
  it('refers to a service that is there, and makes one only for echo', () => {
    expect(exposure(options, 'monitoring/grafana:3000', 'grafana.example.test')).toEqual({
      name: 'grafana',
      hostname: 'grafana.example.test',
      reach: 'lan',
      backend: { kind: 'service', namespace: 'monitoring', name: 'grafana', port: 3000 },
    });
    expect(exposure(options, 'echo', 'echo.example.test').backend.kind).toBe('echo');
  });
});
