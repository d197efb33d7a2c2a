import { commands, l10n, type TextDocumentContentProvider, Uri, workspace } from 'vscode';
import { nameOf, whereOf } from '../results/items';
import type { Place } from '../protocol';

/** The scheme of documents that contain one function of another document. */
export const SCHEME = 'fathom-function';

/** Opens a diff of two functions. */
export async function compare(first: Place, second: Place): Promise<void> {
  const title = l10n.t('{0} ↔ {1}', nameOf(first), `${nameOf(second)} (${whereOf(second)})`);
  await commands.executeCommand('vscode.diff', functionUri(first), functionUri(second), title);
}

/** Provides the text of one function in the current document. */
export class FunctionContent implements TextDocumentContentProvider {
  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const { source, start, end } = JSON.parse(uri.query) as { source: string; start: number; end: number };
    const document = await workspace.openTextDocument(Uri.parse(source));
    const lines = document.getText().split(/\r?\n/).slice(start, end);
    return withoutIndent(lines).join('\n') + '\n';
  }
}

/** Has the path of the document, so that the language is the same. */
function functionUri({ location: { uri, range } }: Place): Uri {
  const query = JSON.stringify({
    source: uri,
    start: range.start.line,
    end: Math.max(range.end.line, range.start.line + 1),
  });
  return Uri.from({ scheme: SCHEME, path: Uri.parse(uri).path, query });
}

/** The lines without their common indentation, so that a method can be compared with a function. */
export function withoutIndent(lines: string[]): string[] {
  const indents = lines.filter((line) => line.trim()).map((line) => /^[ \t]*/.exec(line)![0]);
  const shared = indents.reduce((common, indent) => {
    let length = 0;
    while (length < common.length && common[length] === indent[length]) {
      length++;
    }
    return common.slice(0, length);
  }, indents[0] ?? '');
  return lines.map((line) => (line.startsWith(shared) ? line.slice(shared.length) : line.trimStart()));
}
