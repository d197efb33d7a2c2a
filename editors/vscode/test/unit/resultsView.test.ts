import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Memento } from 'vscode';
import { commands, window } from './vscode.mock';
import type { Hit, SearchResult } from '../../src/protocol';
import { byFile, ResultsView } from '../../src/results/view';
import { found, hit, memento, resetEditor } from './support';

const inFile = (name: string, file: string, startLine = 1): Hit => ({
  ...hit(name, startLine),
  location: { ...hit(name, startLine).location, uri: `file:///project/src/${file}.py` },
});

const names = (hits: Hit[]) => hits.map(({ name }) => name);

describe('byFile', () => {
  it('groups by file, the file with the best hit first', () => {
    const files = byFile([inFile('a', 'x'), inFile('b', 'y'), inFile('c', 'x')]);
    expect(files.map(({ uri, hits }) => [uri, names(hits)])).toEqual([
      ['file:///project/src/x.py', ['a', 'c']],
      ['file:///project/src/y.py', ['b']],
    ]);
  });
});

describe('ResultsView', () => {
  let state: Memento;
  const askAgain = vi.fn(async (..._args: unknown[]): Promise<SearchResult> => found());
  const make = () => new ResultsView(state, askAgain);
  const question = { kind: 'search', input: 'words' } as const;
  const three = [inFile('a', 'x'), inFile('b', 'y'), inFile('c', 'x')];
  const shown = () => window.showTextDocument.mock.calls.map(([uri]) => String(uri).replace(/.*\//, ''));
  const tree = () => window.createTreeView.mock.results.at(-1)!.value;

  beforeEach(() => {
    resetEditor();
    state = memento();
    askAgain.mockReset();
  });

  it('shows a list, says what was asked, and comes to the front', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    expect(view.getChildren()).toHaveLength(2);
    expect(tree().description).toBe('words');
    expect(commands.executeCommand).toHaveBeenCalledWith('setContext', 'fathom.hasResults', true);
    expect(commands.executeCommand).toHaveBeenLastCalledWith('fathom.results.focus');
  });

  it('keeps its results when the window is loaded anew', async () => {
    await make().keep({ question, hits: three });
    expect(names(make().hits)).toEqual(['a', 'c', 'b']);
  });

  it('walks through the results as they stand in the tree, and round again', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    for (const by of [1, 1, 1, 1, -1] as const) {
      await view.step(by);
    }
    expect(shown()).toEqual(['x.py', 'x.py', 'y.py', 'x.py', 'y.py']);
    expect(tree().reveal).toHaveBeenLastCalledWith(three[1], { focus: false });
  });

  it('goes on from the result that was opened', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    await view.open(three[2]!);
    await view.step(1);
    expect(shown().at(-1)).toBe('y.py');
  });

  it('does nothing when there is nothing to walk through', async () => {
    await make().step(1);
    expect(window.showTextDocument).not.toHaveBeenCalled();
  });

  it('says so when the file of a result is gone', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    window.showTextDocument.mockRejectedValue(new Error('no such file'));
    await view.step(1);
    expect(window.showErrorMessage.mock.calls[0]![0]).toBe('Fathom: no such file');
  });

  it('dismisses a result, a file, the selected row, and is empty after the last', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    view.dismiss(three[0]);
    expect(names(view.hits)).toEqual(['b', 'c']);
    tree().selection = [view.getChildren()[0]];
    view.dismiss();
    expect(names(view.hits)).toEqual(['c']);
    view.dismiss(three[2]);
    expect(view.hits).toEqual([]);
    expect(commands.executeCommand).toHaveBeenCalledWith('setContext', 'fathom.hasResults', false);
  });

  it('asks again, and shows the first order until the final one is there', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    askAgain.mockImplementation(async (asked, onFirst) => {
      expect(asked).toBe(question);
      (onFirst as (result: SearchResult) => void)(found(three[1]!));
      expect(names(view.hits)).toEqual(['b']);
      return found(three[2]!);
    });
    await view.refresh();
    expect(names(view.hits)).toEqual(['c']);
  });

  it('knows what its results are like, also after asking again', async () => {
    const view = make();
    await view.keep({ question: { kind: 'similar', uri: 'file:///a.py', line: 3, character: 0 }, hits: three });
    expect(view.compared).toBeUndefined();
    askAgain.mockResolvedValue({ ...found(three[1]!), compared: hit('own') });
    await view.refresh();
    expect(view.compared).toEqual(hit('own'));
    expect(tree().message).toBe('');
    expect(tree().description).toBe('like own');
    expect(commands.executeCommand).toHaveBeenLastCalledWith('setContext', 'fathom.resultsAreSimilar', true);
  });

  it('says which results are missing after asking again', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    askAgain.mockResolvedValue({ ...found(three[1]!), message: 'the indexer of api is not running' });
    await view.refresh();
    expect(tree().message).toBe('the indexer of api is not running');
  });

  it('does not put a late answer over a newer list', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    askAgain.mockImplementation(async () => {
      await view.keep({ question: { kind: 'search', input: 'others' }, hits: [three[1]!] });
      return found(three[2]!);
    });
    await view.refresh();
    expect(names(view.hits)).toEqual(['b']);
  });

  it('reads its rows aloud', async () => {
    const view = make();
    await view.keep({ question, hits: three });
    const [file] = view.getChildren();
    expect(view.getTreeItem(file!).accessibilityInformation?.label).toBe('src/a.py, 2 results');
    expect(view.getTreeItem(three[0]!)).toMatchObject({
      label: 'a',
      accessibilityInformation: { label: 'a, line 1, relevance 50 %' },
    });
    expect(view.getParent(three[0]!)).toBe(file);
  });
});
