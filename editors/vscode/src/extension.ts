import { commands, type ExtensionContext, workspace } from 'vscode';
import { Server } from './client';
import { reportError } from './errors';
import { search } from './search';
import { findSimilar } from './similar';

let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const started = new Server();
  server = started;
  const restart = () => started.restart().catch(reportError);
  context.subscriptions.push(
    started,
    commands.registerCommand('fathom.search', () => search(started)),
    commands.registerCommand('fathom.findSimilar', () => findSimilar(started)),
    commands.registerCommand('fathom.restartServer', restart),
    commands.registerCommand('fathom.showLog', () => started.showLog()),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('fathom.server')) {
        void restart();
      }
    }),
  );
  if (workspace.workspaceFolders?.length) {
    // The index is built before the first search. A server that is missing is said when somebody asks for it.
    started.start().catch(() => {});
  }
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
