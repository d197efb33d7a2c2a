import { commands, l10n, window } from 'vscode';

/** Something that the user can do about an error. */
export interface Remedy {
  title: string;
  command: string;
  argument?: string;
}

/** An error with a message for the user, and with what can be done about it. */
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

/** Tells the user what went wrong, with buttons for what can be done about it. */
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

/** The message of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The function with its failures told to the user instead of thrown. */
export function reporting<A extends unknown[]>(run: (...args: A) => Promise<unknown>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (error) {
      await reportError(error);
    }
  };
}
