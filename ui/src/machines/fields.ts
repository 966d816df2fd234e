// Which field of the connect form can put a problem right; null when none can.
import type { Code, LoginMethod } from '../api/types';

export type ConnectField = 'user' | 'port' | 'method' | 'path' | 'passphrase' | 'password' | 'sudo';

export function fieldOf(code: Code, method: LoginMethod['kind']): ConnectField | null {
  switch (code) {
    case 'connection-refused':
    case 'not-ssh':
      return 'port';
    case 'password-needed':
    case 'password-wrong':
      return method === 'password' ? 'password' : 'method';
    case 'authentication-failed':
      return method === 'password' ? 'password' : 'user';
    case 'key-file-missing':
    case 'key-file-unreadable':
    case 'key-kind-unsupported':
      return method === 'key-file' ? 'path' : 'method';
    case 'passphrase-needed':
    case 'passphrase-wrong':
      return method === 'key-file' ? 'passphrase' : 'method';
    case 'agent-unavailable':
      return 'method';
    case 'sudo-password-needed':
    case 'sudo-password-wrong':
      return method === 'password' ? 'password' : 'sudo';
    case 'sudo-refused':
      return 'user';
    default:
      return null;
  }
}
