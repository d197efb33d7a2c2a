import { workspace } from 'vscode';

/** The setting `fathom.server.path`; empty when the server is to be looked for. */
export function serverPath(): string {
  return workspace.getConfiguration('fathom').get('server.path', '').trim();
}

/** The setting `fathom.server.python`; empty when an interpreter is to be looked for. */
export function pythonPath(): string {
  return workspace.getConfiguration('fathom').get('server.python', '').trim();
}

/** The setting `fathom.search.limit`. */
export function searchLimit(): number {
  return workspace.getConfiguration('fathom').get('search.limit', 20);
}

/** Adds a pattern to the setting `fathom.exclude` of this workspace. */
export async function exclude(pattern: string): Promise<void> {
  const settings = workspace.getConfiguration('fathom');
  const patterns = settings.get<string[]>('exclude', []);
  if (!patterns.includes(pattern)) {
    // False: in the settings of the workspace, not in those of the user.
    await settings.update('exclude', [...patterns, pattern], false);
  }
}
