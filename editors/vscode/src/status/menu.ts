import { commands, l10n, window } from 'vscode';

/** Offers actions for the server. */
export async function showMenu(): Promise<void> {
  const chosen = await window.showQuickPick(
    [
      { label: `$(info) ${l10n.t('Show Status Report')}`, command: 'fathom.showStatus' },
      { label: `$(output) ${l10n.t('Show Logs')}`, command: 'fathom.showLog' },
      { label: `$(refresh) ${l10n.t('Rebuild Index')}`, command: 'fathom.rebuildIndex' },
      { label: `$(debug-restart) ${l10n.t('Restart Server')}`, command: 'fathom.restartServer' },
      { label: `$(cloud-download) ${l10n.t('Install Server…')}`, command: 'fathom.installServer' },
      { label: `$(gear) ${l10n.t('Open Settings')}`, command: 'fathom.openSettings' },
    ],
    { title: 'Fathom' },
  );
  if (chosen) {
    await commands.executeCommand(chosen.command);
  }
}
