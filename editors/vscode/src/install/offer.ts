import { l10n, type OutputChannel, ProgressLocation, type Uri, window } from 'vscode';
import { UserError } from '../errors';
import { pythonPath } from '../settings';
import { findExecutable } from './executable';
import type { ManagedEnvironment, Source } from './managed';
import { runner } from './process';
import { findPython, OLDEST, selectedPython, usualCommands } from './python';

/** Asks, then installs the server into the extension's own environment. Returns whether it is installed. */
export async function offerInstallation(
  managed: ManagedEnvironment,
  version: string,
  log: OutputChannel,
): Promise<boolean> {
  const download = l10n.t('Install');
  const fromWheel = l10n.t('Install from a File…');
  const chosen = await window.showInformationMessage(
    l10n.t('Install the Fathom server {0}?', version),
    {
      modal: true,
      detail: l10n.t(
        'It is a Python program that runs on this machine. It is downloaded with its libraries (about 350 MB) into a folder of this extension: {0}. Your code stays here. Without a network, choose a wheel (.whl); libraries in the same folder are installed from there.',
        managed.folder,
      ),
    },
    download,
    fromWheel,
  );
  if (chosen === download) {
    return install(managed, { version }, log);
  }
  const wheel = chosen === fromWheel ? await chooseWheel() : undefined;
  return wheel ? install(managed, { wheel: wheel.fsPath }, log) : false;
}

async function chooseWheel(): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({
    title: l10n.t('The wheel of the Fathom server'),
    filters: { [l10n.t('Wheels')]: ['whl'] },
  });
  return chosen?.[0];
}

async function install(managed: ManagedEnvironment, source: Source, log: OutputChannel): Promise<boolean> {
  const python = await interpreter();
  const uv = await findExecutable('uv', process.env);
  return window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Installing the Fathom server'), cancellable: true },
    async (progress, token) => {
      const cancelled = new AbortController();
      token.onCancellationRequested(() => cancelled.abort());
      const run = runner(cancelled.signal, (line) => {
        log.appendLine(line);
        progress.report({ message: line.length > 80 ? `${line.slice(0, 80)}…` : line });
      });
      try {
        await managed.install(source, python, uv, run);
        return true;
      } catch (error) {
        if (cancelled.signal.aborted) {
          return false;
        }
        log.appendLine(String(error));
        throw new UserError(l10n.t('The server could not be installed. The log has the reason.'), [
          { title: l10n.t('Show Logs'), command: 'fathom.showLog' },
          { title: l10n.t('Try Again'), command: 'fathom.installServer' },
        ]);
      }
    },
  );
}

/** An interpreter that is new enough: from the setting, the selected one, or one on the PATH. */
async function interpreter(): Promise<string> {
  const configured = pythonPath();
  const selected = configured ? undefined : await selectedPython();
  const commands = configured ? [configured] : [...(selected ? [selected] : []), ...usualCommands(process.platform)];
  const { found, tooOld } = await findPython(commands, runner());
  if (found) {
    return found.path;
  }
  const oldest = OLDEST.join('.');
  throw new UserError(
    tooOld
      ? l10n.t('The server needs Python {0} or later; {1} is {2}.', oldest, tooOld.path, tooOld.version.join('.'))
      : l10n.t('The server needs Python {0} or later, and none was found.', oldest),
    [
      { title: l10n.t('Get Python'), command: 'vscode.open', argument: 'https://www.python.org/downloads/' },
      {
        title: l10n.t('Choose Python'),
        command: 'workbench.action.openSettings',
        argument: 'fathom.server.python',
      },
    ],
  );
}
