import { workspace } from 'vscode';

/** The setting `fathom.server.path`. If it is empty, the extension searches for the server. */
export function serverPath(): string {
  return workspace.getConfiguration('fathom').get('server.path', '').trim();
}

/** The setting `fathom.server.python`. If it is empty, the extension searches for an interpreter. */
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
    // False selects the settings of the workspace instead of those of the user.
    await settings.update('exclude', [...patterns, pattern], false);
  }
}
