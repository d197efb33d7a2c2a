import type { Memento } from 'vscode';
import { vi } from 'vitest';
import {
  commands,
  configuration,
  EventEmitter,
  extensions,
  type FakeQuickPick,
  quickPicks,
  Uri,
  window,
  workspace,
} from './vscode.mock';
import type { ResultItem } from '../../src/results/items';
import type { Health, Hit, SearchResult } from '../../src/protocol';

/** Puts the pretended editor back to a fresh window. */
export function resetEditor(): void {
  quickPicks.length = 0;
  configuration.clear();
  workspace.workspaceFolders = undefined;
  window.activeTextEditor = undefined;
  window.tabGroups.all = [];
  window.tabGroups.close.mockReset();
  window.showErrorMessage.mockReset();
  window.showInformationMessage.mockReset();
  window.showTextDocument.mockReset().mockImplementation(async () => ({
    revealRange: vi.fn(),
    setDecorations: vi.fn(),
  }));
  window.showQuickPick.mockReset();
  window.showOpenDialog.mockReset();
  window.createTreeView.mockClear();
  workspace.isTrusted = true;
  workspace.notebookDocuments = [];
  window.showNotebookDocument.mockReset();
  workspace.openTextDocument.mockReset();
  extensions.getExtension.mockReset();
  commands.executeCommand.mockReset();
  commands.registerCommand.mockClear();
}

export function onlyPick(): FakeQuickPick<ResultItem> {
  if (quickPicks.length !== 1) {
    throw new Error(`${quickPicks.length} quick picks`);
  }
  return quickPicks[0]!;
}

export function hit(name: string, startLine = 1, kind = 'function'): Hit {
  return {
    path: `src/${name}.py`,
    startLine,
    endLine: startLine + 2,
    name,
    qualifiedName: name,
    kind,
    language: 'python',
    relevance: 50,
    signature: `def ${name}()`,
    snippet: '',
    location: {
      uri: `file:///project/src/${name}.py`,
      range: { start: { line: startLine - 1, character: 0 }, end: { line: startLine + 1, character: 4 } },
    },
  };
}

export function found(...hits: Hit[]): SearchResult {
  return { results: hits, indexing: false, complete: true };
}

/** An editor on a file, with the cursor somewhere in it. */
export function editorOn(uri: string, line = 0, character = 0) {
  return {
    document: { uri: Uri.parse(uri), getText: () => 'the selected\n   text' },
    selection: { active: { line, character } },
    setDecorations: vi.fn(),
    selections: ['the selection'],
    visibleRanges: ['what was visible'],
    viewColumn: 1,
  };
}

/** A promise that the test settles. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
}

/** A server that answers as a test tells it, and has nothing to say at first. */
export function fakeServer() {
  const healthChanged = new EventEmitter<Health>();
  return {
    healthChanged,
    onHealth: healthChanged.event,
    start: vi.fn(async () => {}),
    request: vi.fn(async (..._args: unknown[]): Promise<unknown> => null),
    ask: vi.fn(async (..._args: unknown[]): Promise<SearchResult> => found()),
  };
}

/** A place where an extension keeps things. */
export function memento(): Memento {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: (key: string, fallback?: unknown) => values.get(key) ?? fallback,
    update: async (key: string, value: unknown) => void values.set(key, value),
  } as Memento;
}
