// Runs that do not simply end well: failed, stopped, interrupted, and events that were missed.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openDoor } from '../src/api/door';
import type { Exposure, Run, RunState, RunStep } from '../src/api/types';
import { groups } from '../src/plan/groups';
import RunView from '../src/run/RunView.svelte';
import { feed } from '../src/state/feed';
import { runs } from '../src/state/runs.svelte';
import { accessible } from './accessible';

const step = (id: string, machine: string | null, more: Partial<RunStep> = {}): RunStep => ({
  id,
  stage: 'configure',
  machine,
  danger: 'none',
  state: 'done',
  startedAt: 0,
  finishedAt: 1,
  progress: null,
  log: [],
  problem: null,
  note: null,
  ...more,
});
const exposure = {
  name: 'echo',
  hostname: 'echo.example.test',
  reach: 'lan',
  tls: 'terminated',
  access: [],
  backend: { kind: 'echo', image: 'x' },
} satisfies Exposure;
const run = (state: RunState, steps: RunStep[]): Run => ({
  id: 'run-1',
  change: { kind: 'expose', exposure, adopt: false, acceptRetired: false },
  state,
  startedAt: 0,
  finishedAt: state === 'running' ? null : 90_000,
  steps,
  secondsLeft: state === 'running' ? 40 : null,
});
const failed = step('pi-2/install', 'pi-2', {
  stage: 'join-agent',
  state: 'failed',
  log: ['k3s[812]: listen tcp :6443: bind: address already in use'],
  problem: {
    code: 'port-in-use',
    args: { port: '6443', machine: 'pi-2', process: 'haproxy' },
    detail: 'exit status 30',
  },
});

const call = vi.fn<(name: string, request: unknown) => Promise<unknown>>();
beforeEach(() => openDoor({ call, listen: () => () => undefined }));

describe('a run', () => {
  it('that failed names machine, step, cause, remedy and log, and can be continued', async () => {
    render(RunView, {
      run: run('failed', [step('configure', 'pi-1'), failed, step('verify', null, { state: 'waiting' })]),
    });
    const lane = within(screen.getByRole('region', { name: 'pi-2' }));
    expect(lane.getByRole('alert')).toHaveTextContent('Port 6443 on pi-2 is taken by haproxy.');
    expect(lane.getByRole('alert')).toHaveTextContent('Stop it, then continue.');
    expect(lane.getByText(/address already in use/)).toBeVisible();
    expect(screen.getByText('1 of 3 steps')).toBeVisible();
    await accessible('part');
    call.mockResolvedValue(run('running', []));
    await userEvent.click(screen.getByRole('button', { name: 'Continue' }));
    expect(call).toHaveBeenCalledWith('resume', { run: 'run-1' });
  });

  it('that is done says what is worth knowing about a step', () => {
    const note = { code: 'negative-cache', args: { hostname: 'echo.example.test' }, detail: null } as const;
    render(RunView, { run: run('done', [step('echo/path', null, { stage: 'try-path', note })]) });
    expect(screen.getByRole('status')).toHaveTextContent(
      /resolver remembers that echo.example.test did not exist/,
    );
  });

  it('that runs shows the time left and stops after this step', async () => {
    call.mockResolvedValue({});
    render(RunView, {
      run: run('running', [step('configure', 'pi-1'), step('install', 'pi-1', { state: 'running' })]),
    });
    expect(screen.getByText('about 40 s left')).toBeVisible();
    expect(screen.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '50');
    await userEvent.click(screen.getByRole('button', { name: 'Stop after this step' }));
    expect(call).toHaveBeenCalledWith('cancel', { run: 'run-1' });
    expect(screen.getByRole('button', { name: 'Stops after this step' })).toBeDisabled();
  });

  it.each<[RunState, boolean]>([
    ['done', false],
    ['cancelled', true],
    ['interrupted', true],
  ])('that is %s offers to continue: %s', (state, offered) => {
    render(RunView, { run: run(state, [step('configure', 'pi-1')]) });
    expect(screen.queryByRole('button', { name: 'Continue' }) !== null).toBe(offered);
  });
});

describe('the store', () => {
  it('takes a step at a time, and asks anew at the end and after a gap', async () => {
    const waiting = step('pi-1/install', 'pi-1', { state: 'waiting' });
    call.mockImplementation((name) =>
      Promise.resolve(
        name === 'runs' ? { runs: [run('running', [waiting])] } : run('done', [step(waiting.id, 'pi-1')]),
      ),
    );
    const stop = runs.listen();
    await waitFor(() => expect(runs.get('run-1')?.steps).toHaveLength(1));
    feed.take({
      seq: 1,
      kind: 'step',
      run: 'run-1',
      step: { ...waiting, state: 'running', log: ['hello'] },
      secondsLeft: 7,
    });
    expect(runs.get('run-1')?.steps[0]?.log).toEqual(['hello']);
    expect(runs.get('run-1')?.secondsLeft).toBe(7);
    feed.take({ seq: 2, kind: 'run-ended', run: 'run-1', state: 'done' });
    await waitFor(() => expect(runs.get('run-1')?.state).toBe('done'));
    call.mockClear();
    feed.take({ seq: 9, kind: 'scan-done', scan: 's', cancelled: false });
    await waitFor(() => expect(call).toHaveBeenCalledWith('runs', {}));
    stop();
  });
});

it('groups steps by machine, and what belongs to none comes last', () => {
  const steps = [step('a', null), step('b', 'pi-1'), step('c', 'pi-2'), step('d', 'pi-1')];
  expect(groups(steps).map((group) => [group.machine, group.steps.map(({ id }) => id).join('')])).toEqual([
    ['pi-1', 'bd'],
    ['pi-2', 'c'],
    [null, 'a'],
  ]);
});
