import { dirname } from 'node:path';
import { l10n } from 'vscode';
import { ServerNotFound } from '../errors';
import { serverPath } from '../settings';
import { findExecutable } from './executable';
import type { ManagedEnvironment } from './managed';
import { selectedPython } from './python';

const COMMAND = 'fathom-lsp';

/**
 * The server to start: from the setting, the selected Python environment, the PATH, or the extension's own
 * environment, in this order. Rejects with `ServerNotFound`.
 */
export async function locate(managed: ManagedEnvironment, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const settings = {
    title: l10n.t('Open Settings'),
    command: 'workbench.action.openSettings',
    argument: 'fathom.server',
  };
  const install = { title: l10n.t('Install…'), command: 'fathom.installServer' };
  const configured = serverPath();
  if (configured) {
    const found = await findExecutable(configured, env);
    if (found === undefined) {
      throw new ServerNotFound(
        l10n.t('There is no server at {0}, the path in the setting fathom.server.path.', configured),
        [settings],
      );
    }
    return found;
  }
  const python = await selectedPython();
  const beside = python === undefined ? undefined : await findExecutable(COMMAND, { PATH: dirname(python) });
  const found = beside ?? (await findExecutable(COMMAND, env)) ?? (await managed.command());
  if (found === undefined) {
    throw new ServerNotFound(l10n.t('The server, a Python program, is not installed.'), [install, settings]);
  }
  return found;
}
