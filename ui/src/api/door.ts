// The one way out of the window. A page says `call(name, request)` and hears events through `listen`;
// whether a Tauri shell or a loopback HTTP server answers is decided here and known nowhere else.
// Deliberately not here: retries, caching and state (src/state), and any sentence (src/text).
import { invoke } from '@tauri-apps/api/core';
import { listen as listenTauri } from '@tauri-apps/api/event';
import type { ApiError, Event, Rpc } from './types';

export interface Host {
  call(name: string, request: unknown): Promise<unknown>;
  /** `lost` is called when events may have been missed, so that a snapshot is taken again. */
  listen(heard: (event: Event) => void, lost: () => void): () => void;
}

/** What a failed call throws: the error's code and arguments, for src/text to put into words. */
export class CallError extends Error {
  constructor(readonly problem: ApiError) {
    super(problem.code);
    this.name = 'CallError';
  }
}

const isProblem = (value: unknown): value is ApiError =>
  typeof value === 'object' && value !== null && 'code' in value && 'args' in value;

/** Anything that a host may throw, as a problem with a code. */
export function problemOf(error: unknown): ApiError {
  if (error instanceof CallError) return error.problem;
  if (isProblem(error)) return error;
  return { code: 'internal', args: {}, detail: error instanceof Error ? error.message : String(error) };
}

export const tauriHost: Host = {
  call: (name, request) => invoke('rpc', { name, request }),
  listen(heard) {
    const stop = listenTauri<Event>('portico', (message) => heard(message.payload));
    return () => void stop.then((unlisten) => unlisten());
  },
};

/** The server of the browser tests: JSON over POST, and server-sent events read by fetch, because
 * EventSource cannot carry the bearer token in a header. */
export function loopbackHost(base: string, token: string | null, fetcher: typeof fetch = fetch): Host {
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  return {
    async call(name, request) {
      const response = await fetcher(`${base}/rpc/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body: JSON.stringify(request),
      });
      const text = await response.text();
      const body: unknown = text === '' ? null : JSON.parse(text);
      if (!response.ok) throw isProblem(body) ? body : new Error(`HTTP ${response.status}`);
      return body;
    },
    listen(heard, lost) {
      const abort = new AbortController();
      const follow = async () => {
        while (!abort.signal.aborted) {
          try {
            await readEvents(fetcher, `${base}/events`, authorization, abort.signal, heard);
          } catch {
            if (abort.signal.aborted) return;
          }
          await new Promise((resolve) => setTimeout(resolve, 500));
          if (!abort.signal.aborted) lost();
        }
      };
      void follow();
      return () => abort.abort();
    },
  };
}

async function readEvents(
  fetcher: typeof fetch,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  heard: (event: Event) => void,
) {
  const response = await fetcher(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value.replaceAll('\r', '')).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n');
      if (data !== '') heard(JSON.parse(data) as Event);
    }
  }
}

/** The token comes in the fragment, which is never sent to a server, and is taken out of the address. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) history.replaceState(null, '', `${location.pathname}${location.search}`);
  return token;
}

const inShell = (): boolean => '__TAURI_INTERNALS__' in window;

/** Sends a link to the browser: the window of the shell opens none itself, and asks whether it may. */
export async function openLink(event: MouseEvent, url: string): Promise<void> {
  if (!inShell()) return;
  event.preventDefault();
  await call('link-open', { url });
}

/** Hands the shell the words for its tray and its notifications, in the window's language. */
export async function speak(words: object): Promise<void> {
  if (inShell()) await tauriHost.call('speak', words);
}

let host: Host | undefined;

/** Chooses the host; without an argument the shell if there is one, else the server of this page. */
export function openDoor(chosen?: Host): void {
  host = chosen ?? (inShell() ? tauriHost : loopbackHost(location.origin, takeToken()));
}

function opened(): Host {
  if (!host) throw new Error('openDoor() comes before the first call');
  return host;
}

export async function call<K extends keyof Rpc>(name: K, request: Rpc[K][0]): Promise<Rpc[K][1]> {
  try {
    return (await opened().call(name, request)) as Rpc[K][1];
  } catch (error) {
    throw new CallError(problemOf(error));
  }
}

export function listen(heard: (event: Event) => void, lost: () => void = () => undefined): () => void {
  return opened().listen(heard, lost);
}
