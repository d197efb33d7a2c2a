import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands, configuration, quickPicks, window } from './vscode.mock';
import type { Server } from '../../src/server/client';
import { ServerNotFound } from '../../src/errors';
import type { SearchResult } from '../../src/protocol';
import { History } from '../../src/search/history';
import { search, searchSelection } from '../../src/search/search';
import { deferred, editorOn, fakeServer, found, hit, memento, onlyPick, resetEditor, settle } from './support';

describe('search', () => {
  let server: ReturnType<typeof fakeServer>;
  let history: History;
  const keep = vi.fn();
  const open = (value?: string) => search(server as unknown as Server, history, keep, value);
  const type = async (text: string) => {
    onlyPick().type(text);
    await vi.advanceTimersByTimeAsync(150);
  };
  const labels = () => onlyPick().items.map(({ label }) => label.replace(/^\$\(.*\) /, ''));

  beforeEach(() => {
    vi.useFakeTimers();
    resetEditor();
    server = fakeServer();
    history = new History(memento());
    keep.mockReset();
  });
  afterEach(() => void vi.useRealTimers());

  it('asks with the words and the limit, and keeps the order of the answer', async () => {
    configuration.set('fathom.search.limit', 7);
    server.ask.mockResolvedValue(found(hit('zebra'), hit('ant'), hit('monkey')));
    await open();
    await type('animals');
    expect(server.ask.mock.calls[0]!.slice(0, 2)).toEqual([
      'fathom/search',
      { query: 'animals', limit: 7, filters: {} },
    ]);
    expect(labels()).toEqual(['zebra', 'ant', 'monkey']);
    expect(onlyPick().sortByLabel).toBe(false);
    expect(onlyPick().items.every(({ alwaysShow }) => alwaysShow)).toBe(true);
  });

  it('is busy while it waits', async () => {
    const answer = deferred<SearchResult>();
    server.ask.mockReturnValue(answer.promise);
    await open();
    await type('words');
    expect(onlyPick().busy).toBe(true);
    answer.resolve(found(hit('a')));
    await settle();
    expect(onlyPick().busy).toBe(false);
  });

  it('aborts the request before and shows the newest answer only', async () => {
    const first = deferred<SearchResult>();
    server.ask.mockReturnValueOnce(first.promise).mockResolvedValueOnce(found(hit('new')));
    await open();
    await type('one');
    await type('two');
    expect((server.ask.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
    first.resolve(found(hit('old')));
    await settle();
    expect(labels()).toEqual(['new']);
  });

  it('aborts the request when it is closed', async () => {
    server.ask.mockReturnValue(deferred<SearchResult>().promise);
    await open();
    await type('one');
    onlyPick().hide();
    expect((server.ask.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
    expect(onlyPick().disposed).toBe(true);
  });

  it('says that there are no results, and that the index is not complete', async () => {
    await open();
    await type('one');
    expect(labels()).toEqual(['No results']);
    server.ask.mockResolvedValue({ ...found(), indexing: true });
    await type('two');
    expect(labels()).toEqual(['Nothing found yet, still indexing']);
    server.ask.mockResolvedValue({ ...found(hit('a')), indexing: true });
    await type('three');
    expect(onlyPick().title).toContain('still indexing');
    server.ask.mockResolvedValue(found(hit('a')));
    await type('four');
    expect(onlyPick().title).not.toContain('still indexing');
    await type('');
    expect(labels()).toEqual([]);
  });

  it('shows the error of the server in the list, and goes on', async () => {
    server.ask.mockRejectedValueOnce(new Error('the index is broken'));
    await open();
    await type('one');
    expect(labels()).toEqual(['the index is broken']);
    onlyPick().accept();
    expect(onlyPick().visible).toBe(true);
    server.ask.mockResolvedValue(found(hit('a')));
    await type('two');
    expect(labels()).toEqual(['a']);
  });

  it('asks again what failed once the server is well, until it is closed', async () => {
    const well = { health: 'ok', quiescent: true, message: null } as const;
    server.ask.mockRejectedValueOnce(new Error('the indexer is not running'));
    server.ask.mockResolvedValue(found(hit('a')));
    await open();
    await type('one');
    server.healthChanged.fire({ ...well, health: 'error' });
    await settle();
    expect(labels()).toEqual(['the indexer is not running']);
    server.healthChanged.fire(well);
    await settle();
    expect(labels()).toEqual(['a']);
    server.healthChanged.fire(well);
    onlyPick().hide();
    server.healthChanged.fire(well);
    await settle();
    expect(server.ask).toHaveBeenCalledTimes(2);
  });

  it('asks again when the index is complete, with the row of the user kept', async () => {
    server.ask.mockResolvedValueOnce({ ...found(hit('a'), hit('b')), indexing: true });
    server.ask.mockResolvedValue(found(hit('c'), hit('b')));
    await open();
    await type('one');
    onlyPick().moveTo(1);
    server.healthChanged.fire({ health: 'ok', quiescent: true, message: null });
    await settle();
    expect(labels()).toEqual(['c', 'b']);
    expect(onlyPick().activeItems[0]!.hit!.name).toBe('b');
    expect(onlyPick().title).not.toContain('still indexing');
  });

  it('says which results are missing, and asks again when that has changed', async () => {
    server.ask.mockResolvedValueOnce({ ...found(hit('a')), message: 'the indexer of api is not running' });
    server.ask.mockResolvedValue(found(hit('a'), hit('b')));
    await open();
    await type('one');
    expect(onlyPick().title).toBe('Fathom: Search by Meaning (the indexer of api is not running)');
    server.healthChanged.fire({ health: 'ok', quiescent: true, message: null });
    await settle();
    expect(labels()).toEqual(['a', 'b']);
    expect(onlyPick().title).toBe('Fathom: Search by Meaning');
  });

  it('offers the settings when the server is missing', async () => {
    server.start.mockRejectedValue(
      new ServerNotFound('not there', [
        { title: 'Open Settings', command: 'workbench.action.openSettings', argument: 'fathom.server' },
      ]),
    );
    window.showErrorMessage.mockImplementation(async (_text: string, ...actions: unknown[]) => actions[0]);
    await open();
    expect(onlyPick().visible).toBe(false);
    expect(window.showErrorMessage.mock.calls[0]![0]).toBe('Fathom: not there');
    expect(commands.executeCommand).toHaveBeenCalledWith('workbench.action.openSettings', 'fathom.server');
  });

  it('offers the log when the server does not start', async () => {
    server.start.mockRejectedValue(new Error('crash'));
    window.showErrorMessage.mockImplementation(async (_text: string, ...actions: unknown[]) => actions[0]);
    await open();
    expect(commands.executeCommand).toHaveBeenCalledWith('fathom.showLog');
  });

  it('previews while moving and opens with Enter', async () => {
    server.ask.mockResolvedValue(found(hit('first', 3), hit('second', 8)));
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
      selection: { start: { line: 7 }, end: { line: 7 } },
    });
    onlyPick().accept();
    await settle();
    expect(shown()[2]).toEqual(['file:///project/src/second.py', false]);
    expect(window.showTextDocument.mock.calls[2]![1].selection).toMatchObject({ start: { line: 7 }, end: { line: 7 } });
    expect(window.showTextDocument).toHaveBeenCalledTimes(3);
    expect(onlyPick().disposed).toBe(true);
  });

  it('says so when a result cannot be opened', async () => {
    server.ask.mockResolvedValue(found(hit('gone')));
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
    server.ask.mockResolvedValue(found(hit('first')));
    await open();
    await type('words');
    onlyPick().hide();
    await settle();
    const [document, options] = window.showTextDocument.mock.calls.at(-1)!;
    expect(document).toBe(before.document);
    expect(options).toEqual({ viewColumn: 1, preview: false });
    expect(server.ask).toHaveBeenCalledOnce();
  });

  it('leaves the editor alone when nothing was previewed', async () => {
    window.activeTextEditor = editorOn('file:///project/src/before.py');
    await open();
    onlyPick().hide();
    await settle();
    expect(window.showTextDocument).not.toHaveBeenCalled();
  });

  it('shows the first order at once and the final one after, with the row of the user kept', async () => {
    const answer = deferred<SearchResult>();
    server.ask.mockReturnValue(answer.promise);
    await open();
    await type('words');
    const [first, second, third] = [hit('first'), hit('second', 4), hit('third', 9)];
    (server.ask.mock.calls[0]![3] as (result: SearchResult) => void)(found(first, second, third));
    expect(labels()).toEqual(['first', 'second', 'third']);
    expect(onlyPick().busy).toBe(true);
    onlyPick().moveTo(1);
    answer.resolve(found(third, first, hit('second', 4)));
    await settle();
    expect(labels()).toEqual(['third', 'first', 'second']);
    expect(onlyPick().activeItems[0]!.hit!.name).toBe('second');
    expect(onlyPick().busy).toBe(false);
  });

  it('goes to the best row of the final order when the user stayed on the best of the first', async () => {
    const answer = deferred<SearchResult>();
    server.ask.mockReturnValue(answer.promise);
    await open();
    await type('words');
    (server.ask.mock.calls[0]![3] as (result: SearchResult) => void)(found(hit('first'), hit('second')));
    answer.resolve(found(hit('second'), hit('first')));
    await settle();
    expect(onlyPick().activeItems[0]!.hit!.name).toBe('second');
  });

  it('sends the filters that are written among the words, and asks nothing without words', async () => {
    await open();
    await type('in:src lang:go');
    expect(server.ask).not.toHaveBeenCalled();
    await type('in:src lang:go open a file');
    expect(server.ask.mock.calls[0]![1]).toMatchObject({
      query: 'open a file',
      filters: { paths: ['src'], languages: ['go'] },
    });
  });

  it('writes filters into the input by buttons, and takes them out again', async () => {
    window.activeTextEditor = editorOn('file:///project/src/net/a.py');
    await open('words');
    onlyPick().press('Only in This Folder');
    expect(onlyPick().value).toBe('words in:/src/net');
    onlyPick().press('Without Tests');
    expect(onlyPick().value).toBe('words in:/src/net tests:no');
    onlyPick().press('Only in This Folder');
    expect(onlyPick().value).toBe('words tests:no');
  });

  it('has no button for a folder where there is none', async () => {
    window.activeTextEditor = editorOn('file:///project/a.py');
    await open();
    expect(onlyPick().buttons.map(({ tooltip }) => tooltip)).not.toContainEqual(expect.stringContaining('Folder'));
  });

  it('lets the languages of the workspace be chosen, and goes on with the search', async () => {
    server.request.mockResolvedValue({ roots: [{ languages: { go: 1, python: 5 } }, { languages: { go: 2 } }, {}] });
    window.showQuickPick.mockImplementation(async (items: Promise<{ label: string }[]>) => {
      expect((await items).map(({ label }) => label)).toEqual(['ruby', 'python', 'go']);
      expect(onlyPick().visible).toBe(false);
      return [{ label: 'python' }, { label: 'go' }];
    });
    await open('words lang:ruby');
    onlyPick().press('Only Some Languages');
    await settle();
    expect(onlyPick().value).toBe('words lang:python lang:go');
    expect(onlyPick()).toMatchObject({ visible: true, disposed: false });
  });

  it('offers the searches of before, which were of use', async () => {
    server.ask.mockResolvedValue(found(hit('a')));
    await open();
    await type('of use');
    onlyPick().accept();
    await settle();
    quickPicks.length = 0;
    await open();
    expect(labels()).toEqual(['of use']);
    onlyPick().accept();
    expect(onlyPick().value).toBe('of use');
  });

  it('forgets a search of before', async () => {
    await history.add('one');
    await history.add('two');
    await open();
    onlyPick().pressOn(0, 'Forget');
    await settle();
    expect(labels()).toEqual(['one']);
  });

  it('gives all results to the results view, and the editor goes back', async () => {
    server.ask.mockResolvedValue(found(hit('a'), hit('b')));
    await open();
    await type('words');
    onlyPick().press('Keep All');
    expect(keep).toHaveBeenCalledExactlyOnceWith({
      question: { kind: 'search', input: 'words' },
      hits: [hit('a'), hit('b')],
    });
    expect(onlyPick().disposed).toBe(true);
    expect(history.all).toEqual(['words']);
  });

  it('opens a result to the side', async () => {
    server.ask.mockResolvedValue(found(hit('a')));
    await open();
    await type('words');
    onlyPick().pressOn(0, 'Open to the Side');
    await settle();
    expect(window.showTextDocument.mock.calls.at(-1)![1]).toMatchObject({ preview: false, viewColumn: -2 });
  });

  it('searches for the selected text, on one line', async () => {
    window.activeTextEditor = editorOn('file:///project/src/a.py');
    await searchSelection(server as unknown as Server, history, keep);
    await vi.advanceTimersByTimeAsync(150);
    expect(onlyPick().value).toBe('the selected text');
    expect(server.ask.mock.calls[0]![1]).toMatchObject({ query: 'the selected text' });
  });
});
