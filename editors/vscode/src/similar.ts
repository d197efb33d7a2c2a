import { window } from 'vscode';
import type { Server } from './client';
import { reportError } from './errors';
import { ResultPick } from './resultPick';
import { searchLimit } from './settings';

/** Lists functions like the one under the cursor. */
export async function findSimilar(server: Server): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor || !['file', 'untitled'].includes(editor.document.uri.scheme)) {
    await window.showInformationMessage('Fathom: put the cursor on a function in a file of this folder first.');
    return;
  }
  const { document, selection } = editor;
  const { line, character } = selection.active;
  const request = new AbortController();
  const pick = new ResultPick({
    title: 'Fathom: Similar Functions',
    placeholder: 'Type to narrow down',
    narrows: true,
    onClose: () => request.abort(),
  });
  pick.setBusy(true);
  try {
    const params = {
      textDocument: { uri: document.uri.toString() },
      position: { line, character },
      limit: searchLimit(),
    };
    const result = await server.request('fathom/similar', params, request.signal);
    pick.showResults(result);
  } catch (error) {
    if (!request.signal.aborted) {
      pick.dispose();
      await reportError(error);
    }
  }
}
