import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call, CallError, listen, loopbackHost, openDoor, problemOf, tauriHost } from './door';
import type { Event } from './types';

const invoke = vi.hoisted(() => vi.fn());
const shell = vi.hoisted(() => ({
  heard: vi.fn<(message: { payload: unknown }) => void>(),
  unlisten: vi.fn(),
}));
vi.mock('@tauri-apps/api/core', () => ({ invoke }));
vi.mock('@tauri-apps/api/event', () => ({
  listen: (_channel: string, heard: typeof shell.heard) => {
    shell.heard = heard;
    return Promise.resolve(shell.unlisten);
  },
}));

const problem = { code: 'plan-stale', args: {}, detail: null } as const;
const event = (seq: number): Event => ({ seq, kind: 'scan-progress', scan: 's', done: seq, total: 9 });
const answer = (status: number, body: unknown) =>
  Promise.resolve(new Response(JSON.stringify(body), { status }));

describe('the shell', () => {
  beforeEach(() => openDoor(tauriHost));

  it('gets name and request through its one command', async () => {
    invoke.mockResolvedValueOnce({ scan: 's' });
    expect(await call('scan-start', { subnets: [], allowLarge: false, ports: [] })).toEqual({ scan: 's' });
    expect(invoke).toHaveBeenCalledWith('rpc', {
      name: 'scan-start',
      request: { subnets: [], allowLarge: false, ports: [] },
    });
  });

  it('hands its error on with code and arguments', async () => {
    invoke.mockRejectedValueOnce(problem);
    await expect(call('apply', { plan: 'p' })).rejects.toMatchObject({ problem });
  });

  it('tells events until nobody listens', async () => {
    const heard = vi.fn();
    const stop = listen(heard);
    shell.heard({ payload: event(1) });
    expect(heard).toHaveBeenCalledWith(event(1));
    stop();
    await vi.waitFor(() => expect(shell.unlisten).toHaveBeenCalled());
  });
});

describe('the loopback server', () => {
  let stop: () => void = () => undefined;
  afterEach(() => stop());

  it('gets JSON with the bearer token', async () => {
    const fetcher = vi.fn<typeof fetch>(() => answer(200, { runs: [] }));
    openDoor(loopbackHost('http://host', 'secret', fetcher));
    expect(await call('runs', {})).toEqual({ runs: [] });
    const [url, init] = fetcher.mock.calls[0] ?? [];
    expect(url).toBe('http://host/rpc/runs');
    expect(init).toMatchObject({ method: 'POST', body: '{}', headers: { authorization: 'Bearer secret' } });
  });

  it('hands an error on with its code, and anything else as internal', async () => {
    openDoor(loopbackHost('', null, () => answer(409, problem)));
    await expect(call('runs', {})).rejects.toMatchObject({ problem });
    openDoor(loopbackHost('', null, () => answer(500, { oops: true })));
    await expect(call('runs', {})).rejects.toMatchObject({
      problem: { code: 'internal', detail: 'HTTP 500' },
    });
  });

  it('reads events that arrive in pieces, and asks for a snapshot after the stream broke', async () => {
    const encoder = new TextEncoder();
    const text = [1, 2].map((seq) => `id: ${seq}\r\ndata: ${JSON.stringify(event(seq))}\r\n\r\n`).join('');
    const stream = () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(encoder.encode(text.slice(0, 30)));
          controller.enqueue(encoder.encode(text.slice(30)));
          controller.close();
        },
      });
    const heard = vi.fn();
    const lost = vi.fn();
    openDoor(loopbackHost('', null, () => Promise.resolve(new Response(stream()))));
    stop = listen(heard, lost);
    await vi.waitFor(() => expect(heard.mock.calls.map(([told]) => told.seq)).toEqual([1, 2]));
    await vi.waitFor(() => expect(lost).toHaveBeenCalled(), 2000);
  });
});

describe('problemOf', () => {
  it('keeps a problem and names anything else internal', () => {
    expect(problemOf(new CallError(problem))).toBe(problem);
    expect(problemOf(problem)).toBe(problem);
    expect(problemOf('boom')).toEqual({ code: 'internal', args: {}, detail: 'boom' });
  });
});
