import { l10n, type TextEditor, Uri, window, workspace } from 'vscode';
import { UserError } from '../errors';
import type { Hit, SimilarParams } from '../protocol';
import { CELL } from '../results/notebooks';
import type { Server } from '../server/client';

/** A place in a document, as the server's requests and commands take it. */
export type DocumentPlace = Pick<SimilarParams, 'textDocument' | 'position'>;

const MOST = 200;

/** The place that a command was given, else the cursor. Rejects when there is none. */
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

/**
 * The function around a place. The server is not asked for it as such: it is the smallest hit around the place among
 * those of its file that answer a search for the words of the line.
 */
export async function functionAt(server: Server, { textDocument, position }: DocumentPlace): Promise<Hit | undefined> {
  const uri = Uri.parse(textDocument.uri);
  const document = await workspace.openTextDocument(uri);
  const query = document.lineAt(position.line).text.trim() || document.fileName;
  const folder = workspace.getWorkspaceFolder(uri);
  const path = folder && uri.path.slice(folder.uri.path.length);
  const filters = path ? { paths: [path.replace(/[*?[\]\\!# ]/g, '\\$&')] } : {};
  const { results } = await server.request('fathom/search', { query, filters, limit: MOST });
  return results
    .filter(({ location }) => sameUri(location.uri, uri))
    .filter(({ startLine, endLine }) => startLine <= position.line + 1 && position.line + 1 <= endLine)
    .sort((first, second) => first.endLine - first.startLine - (second.endLine - second.startLine))[0];
}

function sameUri(text: string, uri: Uri): boolean {
  return Uri.parse(text).toString() === uri.toString();
}

function isPlace(value: unknown): value is DocumentPlace {
  return typeof value === 'object' && value !== null && 'textDocument' in value && 'position' in value;
}
