import { commands, window } from 'vscode';

/** There is no server to start. The message is for the user. */
export class ServerNotFound extends Error {}

/** Tells the user what went wrong, with buttons for what can be done about it. */
export async function reportError(error: unknown): Promise<void> {
  const actions =
    error instanceof ServerNotFound
      ? [{ title: 'Open Settings', command: 'workbench.action.openSettings', argument: 'fathom.server.path' }]
      : [
          { title: 'Show Log', command: 'fathom.showLog' },
          { title: 'Restart Server', command: 'fathom.restartServer' },
        ];
  const chosen = await window.showErrorMessage(`Fathom: ${errorText(error)}`, ...actions);
  if (chosen) {
    await commands.executeCommand(chosen.command, ...('argument' in chosen ? [chosen.argument] : []));
  }
}

/** The message of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
