import { beforeEach, describe, expect, it, vi } from 'vitest';
import { commands, window } from './vscode.mock';
import type { Server } from '../../src/server/client';
import type { Hit, SearchResult } from '../../src/protocol';
import {
  compareWithMostSimilar,
  findSimilar,
  goToMostSimilar,
  peekCopies,
  peekSimilar,
} from '../../src/similar/similar';
import { deferred, editorOn, fakeServer, found, hit, onlyPick, resetEditor, settle } from './support';

describe('findSimilar', () => {
  let server: ReturnType<typeof fakeServer>;
  const keep = vi.fn();
  const run = () => findSimilar(server as unknown as Server, keep);

  beforeEach(() => {
    resetEditor();
    server = fakeServer();
    keep.mockReset();
    window.activeTextEditor = editorOn('file:///project/src/a.py', 11, 4);
  });

  it('asks for the place of the cursor, and lets typing narrow the answer down', async () => {
    server.ask.mockResolvedValue(found(hit('zebra'), hit('ant')));
    await run();
    expect(server.ask.mock.calls[0]!.slice(0, 2)).toEqual([
      'fathom/similar',
      { textDocument: { uri: 'file:///project/src/a.py' }, position: { line: 11, character: 4 }, limit: 20 },
    ]);
    expect(onlyPick().items.map(({ label, alwaysShow }) => [label, alwaysShow])).toEqual([
      ['$(symbol-function) zebra', false],
      ['$(symbol-function) ant', false],
    ]);
    expect(onlyPick().sortByLabel).toBe(false);
    expect(onlyPick().busy).toBe(false);
  });

  it.each([undefined, editorOn('git:/Untitled-1')])('needs a file', async (editor) => {
    window.activeTextEditor = editor;
    await expect(run()).rejects.toThrow('Put the cursor on a function');
    expect(server.ask).not.toHaveBeenCalled();
  });

  it('reports an error and closes the list', async () => {
    server.ask.mockRejectedValue(new Error('no function at this line'));
    await run();
    expect(onlyPick().disposed).toBe(true);
    expect(window.showErrorMessage.mock.calls[0]![0]).toBe('Fathom: no function at this line');
  });

  it('aborts when the list is closed, without a word', async () => {
    const answer = deferred<SearchResult>();
    server.ask.mockReturnValue(answer.promise);
    const running = run();
    onlyPick().hide();
    expect((server.ask.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
    answer.reject(new Error('cancelled'));
    await running;
    await settle();
    expect(window.showErrorMessage).not.toHaveBeenCalled();
  });

  it('takes the place that a code action names', async () => {
    const place = { textDocument: { uri: 'file:///project/src/b.py' }, position: { line: 3, character: 0 } };
    await findSimilar(server as unknown as Server, keep, place);
    expect(server.ask.mock.calls[0]![1]).toMatchObject(place);
  });

  it('gives all results to the results view, to be asked again', async () => {
    server.ask.mockResolvedValue(likeOwn(hit('zebra')));
    await run();
    onlyPick().press('Keep All');
    expect(keep).toHaveBeenCalledExactlyOnceWith({
      question: { kind: 'similar', uri: 'file:///project/src/a.py', line: 11, character: 4 },
      hits: [hit('zebra')],
      compared: hit('own', 11),
    });
  });

  it('peeks at all results from the list', async () => {
    server.ask.mockResolvedValue(found(hit('zebra', 3)));
    await run();
    onlyPick().press('Peek');
    await settle();
    const [command, uri, at, locations] = commands.executeCommand.mock.calls.at(-1)!;
    expect([command, String(uri), at]).toEqual([
      'editor.action.peekLocations',
      'file:///project/src/a.py',
      { line: 11, character: 4 },
    ]);
    expect(locations).toMatchObject([{ range: { start: { line: 2 } } }]);
  });

  it('says what the results are like, and lays that beside one of them, without asking again', async () => {
    server.ask.mockResolvedValue(likeOwn(hit('zebra', 3)));
    await run();
    expect(onlyPick().title).toBe('Fathom: Similar to own');
    onlyPick().pressOn(0, 'Compare');
    await settle();
    expect(server.request).not.toHaveBeenCalled();
    expectDiffOfOwnAndZebra();
  });
});

function likeOwn(...hits: Hit[]): SearchResult {
  return { ...found(...hits), compared: hit('own', 11) };
}

function expectDiffOfOwnAndZebra(): void {
  const [command, left, right, title] = commands.executeCommand.mock.calls.at(-1)!;
  expect(command).toBe('vscode.diff');
  expect(JSON.parse(left.query)).toMatchObject({ source: 'file:///project/src/own.py', start: 10 });
  expect(JSON.parse(right.query)).toMatchObject({ source: 'file:///project/src/zebra.py', start: 2 });
  expect(title).toBe('own ↔ zebra (src/zebra.py:3)');
}

describe('without a list', () => {
  beforeEach(() => {
    resetEditor();
    window.activeTextEditor = editorOn('file:///project/src/a.py', 4);
  });

  it('says that nothing is similar', async () => {
    const server = fakeServer() as unknown as Server;
    await expect(peekSimilar(server)).rejects.toThrow('Nothing is similar to line 5.');
    await expect(compareWithMostSimilar(server)).rejects.toThrow('Nothing is similar to line 5.');
    await expect(goToMostSimilar(server)).rejects.toThrow('Nothing is similar to line 5.');
  });

  it('goes to the most similar function', async () => {
    const server = fakeServer();
    server.ask.mockResolvedValue(found(hit('twin', 7)));
    await goToMostSimilar(server as unknown as Server);
    expect(server.ask.mock.calls[0]![1]).toMatchObject({ limit: 1 });
    expect(String(window.showTextDocument.mock.calls[0]![0])).toBe('file:///project/src/twin.py');
  });

  it('compares with the most similar function', async () => {
    const server = fakeServer();
    server.ask.mockResolvedValue(likeOwn(hit('zebra', 3)));
    await compareWithMostSimilar(server as unknown as Server);
    expect(server.ask).toHaveBeenCalledOnce();
    expectDiffOfOwnAndZebra();
  });

  it('peeks at the copies of the function under a lens', async () => {
    const server = fakeServer();
    const here = { ...hit('a', 5), clone: 'exact' };
    server.request.mockResolvedValue({
      groups: [{ clones: [hit('x'), hit('y')] }, { clones: [here, hit('copy', 8)] }],
      indexing: false,
    });
    await peekCopies(server as unknown as Server);
    const locations = commands.executeCommand.mock.calls[0]![3] as { uri: unknown }[];
    expect(locations.map(({ uri }) => String(uri))).toEqual(['file:///project/src/copy.py']);
  });

  it('peeks at similar functions where the copies are not told', async () => {
    const server = fakeServer();
    server.request.mockResolvedValue({ groups: [], indexing: false });
    server.ask.mockResolvedValue(found(hit('twin', 7)));
    await peekCopies(server as unknown as Server);
    const locations = commands.executeCommand.mock.calls[0]![3] as { uri: unknown }[];
    expect(locations.map(({ uri }) => String(uri))).toEqual(['file:///project/src/twin.py']);
  });
});
