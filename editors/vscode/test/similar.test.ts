import { beforeEach, describe, expect, it, vi } from 'vitest';
import { window } from './vscode.mock';
import type { Server } from '../src/client';
import type { SearchResult } from '../src/protocol';
import { findSimilar } from '../src/similar';
import { deferred, editorOn, found, hit, onlyPick, resetEditor, settle } from './support';

describe('findSimilar', () => {
  const request = vi.fn(async (..._args: unknown[]): Promise<SearchResult> => found());
  const run = () => findSimilar({ request } as unknown as Server);

  beforeEach(() => {
    resetEditor();
    request.mockReset();
    window.activeTextEditor = editorOn('file:///project/src/a.py', 11, 4);
  });

  it('asks for the place of the cursor, and lets typing narrow the answer down', async () => {
    request.mockResolvedValue(found(hit('zebra'), hit('ant')));
    await run();
    expect(request.mock.calls[0]!.slice(0, 2)).toEqual([
      'fathom/similar',
      { textDocument: { uri: 'file:///project/src/a.py' }, position: { line: 11, character: 4 }, limit: 20 },
    ]);
    expect(onlyPick().items.map(({ label, alwaysShow }) => [label, alwaysShow])).toEqual([
      ['zebra', false],
      ['ant', false],
    ]);
    expect(onlyPick().sortByLabel).toBe(false);
    expect(onlyPick().busy).toBe(false);
  });

  it.each([undefined, editorOn('git:/Untitled-1')])('needs a file', async (editor) => {
    window.activeTextEditor = editor;
    await run();
    expect(window.showInformationMessage).toHaveBeenCalledOnce();
    expect(request).not.toHaveBeenCalled();
  });

  it('reports an error and closes the list', async () => {
    request.mockRejectedValue(new Error('no function at this line'));
    await run();
    expect(onlyPick().disposed).toBe(true);
    expect(window.showErrorMessage.mock.calls[0]![0]).toBe('Fathom: no function at this line');
  });

  it('aborts when the list is closed, without a word', async () => {
    const answer = deferred<SearchResult>();
    request.mockReturnValue(answer.promise);
    const running = run();
    onlyPick().hide();
    expect((request.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
    answer.reject(new Error('cancelled'));
    await running;
    await settle();
    expect(window.showErrorMessage).not.toHaveBeenCalled();
  });
});
