import {
  Range,
  TabInputText,
  type TextDocumentShowOptions,
  type TextEditor,
  TextEditorRevealType,
  Uri,
  window,
} from 'vscode';
import type { Hit } from './protocol';

/** Shows results in the editor while the user looks through them, and puts everything back afterwards. */
export class Preview {
  private readonly restorePlace = rememberPlace(window.activeTextEditor);
  private readonly openBefore = new Set(textTabs().map(({ uri }) => uri));
  private queue: Promise<unknown> = Promise.resolve();
  private wanted: Hit | undefined;
  private used = false;

  /** Shows the function and leaves the focus in the list. Only the newest of several quick calls is carried out. */
  show(hit: Hit): void {
    this.wanted = hit;
    this.queue = this.queue.then(async () => {
      if (this.wanted !== hit) {
        return;
      }
      this.used = true;
      const { start, end } = hit.location.range;
      const selection = new Range(start.line, start.character, end.line, end.character);
      try {
        await reveal(hit, selection, { preview: true, preserveFocus: true });
      } catch {
        // The file may be gone since it was indexed. Opening it will say so.
      }
    });
  }

  /** Opens the function for good, with the cursor at its start. Rejects when the file cannot be opened. */
  async open(hit: Hit): Promise<void> {
    await this.settled();
    const { line, character } = hit.location.range.start;
    await reveal(hit, new Range(line, character, line, character), { preview: false });
  }

  /** Goes back to where the user was, and closes what was only previewed. */
  async restore(): Promise<void> {
    await this.settled();
    if (!this.used) {
      return;
    }
    await this.restorePlace();
    const opened = textTabs().filter(({ tab, uri }) => tab.isPreview && !this.openBefore.has(uri));
    await window.tabGroups.close(opened.map(({ tab }) => tab));
  }

  private async settled(): Promise<void> {
    this.wanted = undefined;
    await this.queue;
  }
}

async function reveal(hit: Hit, selection: Range, options: TextDocumentShowOptions): Promise<void> {
  const editor = await window.showTextDocument(Uri.parse(hit.location.uri), { ...options, selection });
  editor.revealRange(selection, TextEditorRevealType.InCenter);
}

function textTabs() {
  return window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap((tab) => (tab.input instanceof TabInputText ? [{ tab, uri: tab.input.uri.toString() }] : []));
}

/** What puts the editor back as it is now. */
function rememberPlace(editor: TextEditor | undefined): () => Promise<void> {
  if (!editor) {
    return async () => {};
  }
  const { document, selections, viewColumn, visibleRanges } = editor;
  const preview = textTabs().some(({ tab, uri }) => tab.isPreview && uri === document.uri.toString());
  return async () => {
    const options: TextDocumentShowOptions = { preview };
    const restored = await window.showTextDocument(document, viewColumn ? { ...options, viewColumn } : options);
    restored.selections = selections;
    if (visibleRanges[0]) {
      restored.revealRange(visibleRanges[0], TextEditorRevealType.AtTop);
    }
  };
}
