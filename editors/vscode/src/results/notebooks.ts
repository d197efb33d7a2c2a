import { l10n, NotebookRange, type TextDocumentShowOptions, type Uri, window, workspace } from 'vscode';

/** The scheme of documents that are cells of open notebooks. */
export const CELL = 'vscode-notebook-cell';

/**
 * Goes to a cell in its notebook, instead of opening the cell as a document. Rejects if the notebook is not open
 * any more.
 */
export async function revealCell(
  uri: Uri,
  { preserveFocus, preview, viewColumn }: TextDocumentShowOptions,
): Promise<void> {
  for (const notebook of workspace.notebookDocuments) {
    const cell = notebook.getCells().find(({ document }) => document.uri.toString() === uri.toString());
    if (cell) {
      await window.showNotebookDocument(notebook, {
        ...(preserveFocus === undefined ? {} : { preserveFocus }),
        ...(preview === undefined ? {} : { preview }),
        ...(viewColumn === undefined ? {} : { viewColumn }),
        selections: [new NotebookRange(cell.index, cell.index + 1)],
      });
      return;
    }
  }
  throw new Error(l10n.t('{0} is not open any more', uri.path));
}
