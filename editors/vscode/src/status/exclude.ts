import { posix } from 'node:path';
import { l10n, Uri, window, workspace } from 'vscode';
import { UserError } from '../errors';
import { exclude } from '../settings';

/** Excludes a folder from the index: the clicked one, or that of the file in the editor. */
export async function excludeFolder(clicked?: unknown): Promise<void> {
  const here = window.activeTextEditor?.document.uri;
  const folder = clicked instanceof Uri ? clicked : here?.with({ path: posix.dirname(here.path) });
  const root = folder && workspace.getWorkspaceFolder(folder);
  const relative = root && posix.relative(root.uri.path, folder.path);
  if (!relative) {
    throw new UserError(l10n.t('Choose a folder inside the workspace folder.'), []);
  }
  await exclude(`/${relative.replace(/[*?[\]\\!# ]/g, '\\$&')}/`);
}
