import { l10n, type TextEditor, window } from 'vscode';
import { UserError } from '../errors';
import type { SimilarParams } from '../protocol';
import { CELL } from '../results/notebooks';

/** A place in a document, as the server's requests and commands take it. */
export type DocumentPlace = Pick<SimilarParams, 'textDocument' | 'position'>;

/** The place that is a command's argument, else the cursor. Rejects if there is none. */
export function placeFrom(given: unknown, editor: TextEditor | undefined = window.activeTextEditor): DocumentPlace {
  if (isPlace(given)) {
    return given;
  }
  if (!editor || !['file', 'untitled', CELL].includes(editor.document.uri.scheme)) {
    throw new UserError(l10n.t('Put the cursor on a function in a file of this folder first.'), []);
  }
  const { line, character } = editor.selection.active;
  return { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
}

function isPlace(value: unknown): value is DocumentPlace {
  return typeof value === 'object' && value !== null && 'textDocument' in value && 'position' in value;
}
