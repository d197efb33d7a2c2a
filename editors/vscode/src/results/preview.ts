import {
  Range,
  TabInputText,
  type TextDocumentShowOptions,
  type TextEditor,
  type TextEditorDecorationType,
  TextEditorRevealType,
  ThemeColor,
  Uri,
  type ViewColumn,
  window,
} from 'vscode';
import type { Place } from '../protocol';
import { CELL, revealCell } from './notebooks';

/** Previews results in the editor while the user selects, and restores the editor afterwards. */
export class Preview {
  private readonly restorePlace = rememberPlace(window.activeTextEditor);
  private readonly openBefore = new Set(textTabs().map(({ uri }) => uri));
  private readonly highlight: TextEditorDecorationType = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor('editor.rangeHighlightBackground'),
    // A bar beside the lines: only high-contrast themes define this colour, and they show nothing else.
    borderStyle: 'solid',
    borderWidth: '0 0 0 4px',
    borderColor: new ThemeColor('editor.rangeHighlightBorder'),
  });
  private queue: Promise<unknown> = Promise.resolve();
  private wanted: Place | undefined;
  private used = false;

  /** Shows the code and keeps the focus in the list. Of several quick calls only the newest has an effect. */
  show(place: Place): void {
    this.wanted = place;
    this.queue = this.queue.then(async () => {
      if (this.wanted !== place) {
        return;
      }
      this.used = true;
      try {
        const editor = await reveal(place, { preview: true, preserveFocus: true });
        editor?.setDecorations(this.highlight, [wholeLines(place)]);
      } catch {
        // The file may have been deleted since it was indexed. Opening it will report that.
      }
    });
  }

  /** Opens the code permanently, with the cursor at its start. Rejects if the file cannot be opened. */
  async open(place: Place): Promise<void> {
    await this.finish();
    await reveal(place, { preview: false });
  }

  /** Returns to the previous position, and closes previews. */
  async restore(): Promise<void> {
    await this.finish();
    if (!this.used) {
      return;
    }
    await this.restorePlace();
    const opened = textTabs().filter(({ tab, uri }) => tab.isPreview && !this.openBefore.has(uri));
    await window.tabGroups.close(opened.map(({ tab }) => tab));
  }

  private async finish(): Promise<void> {
    this.wanted = undefined;
    await this.queue;
    this.highlight.dispose();
  }
}

/** Opens the code in an editor group. Rejects when the file cannot be opened. */
export async function openBeside(place: Place, viewColumn: ViewColumn): Promise<void> {
  await reveal(place, { preview: false, viewColumn });
}

/**
 * Shows the code and returns its editor, unless it is in a notebook. Puts the cursor at the start, in the
 * middle of the editor, because the list covers the upper part.
 */
export async function reveal(place: Place, options: TextDocumentShowOptions): Promise<TextEditor | undefined> {
  const { line, character } = place.location.range.start;
  const start = new Range(line, character, line, character);
  const uri = Uri.parse(place.location.uri);
  if (uri.scheme === CELL) {
    await revealCell(uri, options);
    return undefined;
  }
  const editor = await window.showTextDocument(uri, { ...options, selection: start });
  editor.revealRange(start, TextEditorRevealType.InCenter);
  return editor;
}

/** The lines of the code, for decorations that cover whole lines: the range ends where the next line starts. */
function wholeLines({ startLine, endLine }: Place): Range {
  return new Range(startLine - 1, 0, endLine - 1, 0);
}

function textTabs() {
  return window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap((tab) => (tab.input instanceof TabInputText ? [{ tab, uri: tab.input.uri.toString() }] : []));
}

/** A function that restores the current state of the editor. */
function rememberPlace(editor: TextEditor | undefined): () => Promise<void> {
  if (!editor) {
    return async () => {};
  }
  const { document, selections, viewColumn, visibleRanges } = editor;
  const preview = textTabs().some(({ tab, uri }) => tab.isPreview && uri === document.uri.toString());
  return async () => {
    const options: TextDocumentShowOptions = viewColumn ? { preview, viewColumn } : { preview };
    if (document.uri.scheme === CELL) {
      await revealCell(document.uri, options);
      return;
    }
    const restored = await window.showTextDocument(document, options);
    restored.selections = selections;
    if (visibleRanges[0]) {
      restored.revealRange(visibleRanges[0], TextEditorRevealType.AtTop);
    }
  };
}
