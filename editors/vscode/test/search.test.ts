import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands, configuration, window } from './vscode.mock';
import type { Server } from '../src/client';
import { ServerNotFound } from '../src/errors';
import type { SearchResult } from '../src/protocol';
import { search } from '../src/search';
import { deferred, editorOn, found, hit, onlyPick, resetEditor, settle } from './support';

function fakeServer() {
  return {
    start: vi.fn(async () => {}),
    request: vi.fn(async (..._args: unknown[]): Promise<SearchResult> => found()),
  };
}

describe('search', () => {
  let server: ReturnType<typeof fakeServer>;
  const open = () => search(server as unknown as Server);
  const type = async (text: string) => {
    onlyPick().type(text);
    await vi.advanceTimersByTimeAsync(150);
  };
  const labels = () => onlyPick().items.map(({ label }) => label);

  beforeEach(() => {
    vi.useFakeTimers();
    resetEditor();
    server = fakeServer();
  });
  afterEach(() => void vi.useRealTimers());

  it('asks with the words and the limit, and keeps the order of the answer', async () => {
    configuration.set('fathom.search.limit', 7);
    server.request.mockResolvedValue(found(hit('zebra'), hit('ant'), hit('monkey')));
    await open();
    await type('animals');
    expect(server.request.mock.calls[0]!.slice(0, 2)).toEqual(['fathom/search', { query: 'animals', limit: 7 }]);
    expect(labels()).toEqual(['zebra', 'ant', 'monkey']);
    expect(onlyPick().sortByLabel).toBe(false);
    expect(onlyPick().items.every(({ alwaysShow }) => alwaysShow)).toBe(true);
  });

  it('is busy while it waits', async () => {
    const answer = deferred<SearchResult>();
    server.request.mockReturnValue(answer.promise);
    await open();
    await type('words');
    expect(onlyPick().busy).toBe(true);
    answer.resolve(found(hit('a')));
    await settle();
    expect(onlyPick().busy).toBe(false);
  });

  it('aborts the request before and shows the newest answer only', async () => {
    const first = deferred<SearchResult>();
    server.request.mockReturnValueOnce(first.promise).mockResolvedValueOnce(found(hit('new')));
    await open();
    await type('one');
    await type('two');
    expect((server.request.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
    first.resolve(found(hit('old')));
    await settle();
    expect(labels()).toEqual(['new']);
  });

  it('aborts the request when it is closed', async () => {
    server.request.mockReturnValue(deferred<SearchResult>().promise);
    await open();
    await type('one');
    onlyPick().hide();
    expect((server.request.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
    expect(onlyPick().disposed).toBe(true);
  });

  it('says that there are no results, and that the index is not complete', async () => {
    await open();
    await type('one');
    expect(labels()).toEqual(['No results']);
    server.request.mockResolvedValue({ results: [], indexing: true });
    await type('two');
    expect(labels()).toEqual(['Nothing found yet, still indexing']);
    server.request.mockResolvedValue({ results: [hit('a')], indexing: true });
    await type('three');
    expect(onlyPick().title).toContain('still indexing');
    server.request.mockResolvedValue(found(hit('a')));
    await type('four');
    expect(onlyPick().title).not.toContain('still indexing');
    await type('');
    expect(labels()).toEqual([]);
  });

  it('shows the error of the server in the list, and goes on', async () => {
    server.request.mockRejectedValueOnce(new Error('the index is broken'));
    await open();
    await type('one');
    expect(labels()).toEqual(['the index is broken']);
    onlyPick().accept();
    expect(onlyPick().visible).toBe(true);
    server.request.mockResolvedValue(found(hit('a')));
    await type('two');
    expect(labels()).toEqual(['a']);
  });

  it('offers the settings when the server is missing', async () => {
    server.start.mockRejectedValue(new ServerNotFound('not there'));
    window.showErrorMessage.mockImplementation(async (_text: string, ...actions: unknown[]) => actions[0]);
    await open();
    expect(onlyPick().visible).toBe(false);
    expect(window.showErrorMessage.mock.calls[0]![0]).toBe('Fathom: not there');
    expect(commands.executeCommand).toHaveBeenCalledWith('workbench.action.openSettings', 'fathom.server.path');
  });

  it('offers the log when the server does not start', async () => {
    server.start.mockRejectedValue(new Error('crash'));
    window.showErrorMessage.mockImplementation(async (_text: string, ...actions: unknown[]) => actions[0]);
    await open();
    expect(commands.executeCommand).toHaveBeenCalledWith('fathom.showLog');
  });

  it('previews while moving and opens with Enter', async () => {
    server.request.mockResolvedValue(found(hit('first', 3), hit('second', 8)));
    await open();
    await type('words');
    onlyPick().moveTo(1);
    await settle();
    const shown = () => window.showTextDocument.mock.calls.map(([uri, options]) => [String(uri), options.preview]);
    expect(shown()).toEqual([
      ['file:///project/src/first.py', true],
      ['file:///project/src/second.py', true],
    ]);
    expect(window.showTextDocument.mock.calls[1]![1]).toMatchObject({
      preserveFocus: true,
      selection: { start: { line: 7 }, end: { line: 9 } },
    });
    onlyPick().accept();
    await settle();
    expect(shown()[2]).toEqual(['file:///project/src/second.py', false]);
    expect(window.showTextDocument.mock.calls[2]![1].selection).toMatchObject({ start: { line: 7 }, end: { line: 7 } });
    expect(window.showTextDocument).toHaveBeenCalledTimes(3);
    expect(onlyPick().disposed).toBe(true);
  });

  it('says so when a result cannot be opened', async () => {
    server.request.mockResolvedValue(found(hit('gone')));
    window.showTextDocument.mockRejectedValue(new Error('no such file'));
    await open();
    await type('words');
    onlyPick().accept();
    await settle();
    expect(window.showErrorMessage.mock.calls[0]![0]).toBe('Fathom: no such file');
  });

  it('goes back to the editor of before with Escape', async () => {
    const before = editorOn('file:///project/src/before.py');
    window.activeTextEditor = before;
    server.request.mockResolvedValue(found(hit('first')));
    await open();
    await type('words');
    onlyPick().hide();
    await settle();
    const [document, options] = window.showTextDocument.mock.calls.at(-1)!;
    expect(document).toBe(before.document);
    expect(options).toEqual({ viewColumn: 1, preview: false });
    expect(server.request).toHaveBeenCalledOnce();
  });

  it('leaves the editor alone when nothing was previewed', async () => {
    window.activeTextEditor = editorOn('file:///project/src/before.py');
    await open();
    onlyPick().hide();
    await settle();
    expect(window.showTextDocument).not.toHaveBeenCalled();
  });
});
