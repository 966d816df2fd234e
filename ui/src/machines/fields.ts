// Which field of the connect form can put a problem right; null when none can.
import type { Code, Login } from '../api/types';

export type ConnectField = 'user' | 'port' | 'agent' | 'path' | 'passphrase' | 'password' | 'sudo';

export function fieldOf(code: Code, method: Login['kind']): ConnectField | null {
  switch (code) {
    case 'connection-refused':
    case 'not-ssh':
      return 'port';
    case 'password-wrong':
      return 'password';
    case 'authentication-failed':
      return method === 'password' ? 'password' : 'user';
    case 'key-file-missing':
    case 'key-file-unreadable':
    case 'key-kind-unsupported':
      return 'path';
    case 'passphrase-needed':
    case 'passphrase-wrong':
      return 'passphrase';
    case 'agent-unavailable':
      return method === 'agent' ? 'agent' : null;
    case 'sudo-password-needed':
    case 'sudo-password-wrong':
      return 'sudo';
    case 'sudo-refused':
      return 'user';
    default:
      return null;
  }
}
