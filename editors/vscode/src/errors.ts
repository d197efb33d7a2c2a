import { commands, l10n, window } from 'vscode';

/** An action that the user can take after an error. */
export interface Remedy {
  title: string;
  command: string;
  argument?: string;
}

/** An error with a message for the user, and with actions. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly remedies: Remedy[],
  ) {
    super(message);
  }
}

/** There is no server to start. */
export class ServerNotFound extends UserError {}

/** Shows an error to the user, with buttons for its actions. */
export async function reportError(error: unknown): Promise<void> {
  const remedies =
    error instanceof UserError
      ? error.remedies
      : [
          { title: l10n.t('Show Logs'), command: 'fathom.showLog' },
          { title: l10n.t('Restart Server'), command: 'fathom.restartServer' },
        ];
  const chosen: Remedy | undefined = await window.showErrorMessage(
    l10n.t('Fathom: {0}', errorText(error)),
    ...remedies,
  );
  if (chosen) {
    await commands.executeCommand(chosen.command, ...(chosen.argument === undefined ? [] : [chosen.argument]));
  }
}

/** The message of a thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The function with its errors shown to the user instead of thrown. */
export function reporting<A extends unknown[]>(run: (...args: A) => Promise<unknown>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (error) {
      await reportError(error);
    }
  };
}
