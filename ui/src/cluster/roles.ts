// What the roles alone already rule out, so that nobody has to ask the backend to hear it.
import type { ClusterDocument, Problem } from '../api/types';

export function roleProblem(document: ClusterDocument): Problem | null {
  const servers = document.machines.filter((machine) => machine.role === 'server').length;
  if (servers === 0) return { code: 'no-server', args: {}, detail: null };
  if (servers === 2) return { code: 'two-servers', args: {}, detail: null };
  if (servers % 2 === 0) return { code: 'even-servers', args: { servers: String(servers) }, detail: null };
  return null;
}
