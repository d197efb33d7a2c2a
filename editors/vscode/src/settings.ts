import { workspace } from 'vscode';

/** The setting `fathom.server.path`; empty when the server is to be found on the PATH. */
export function serverPath(): string {
  return workspace.getConfiguration('fathom').get('server.path', '').trim();
}

/** The setting `fathom.search.limit`. */
export function searchLimit(): number {
  return workspace.getConfiguration('fathom').get('search.limit', 20);
}
