import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TabInputText, Uri, window, workspace } from './vscode.mock';
import { Preview, reveal } from '../../src/results/preview';
import { deferred, editorOn, hit, resetEditor, settle } from './support';

const tab = (uri: string, isPreview: boolean) => ({ isPreview, input: new TabInputText(Uri.parse(uri)) });

describe('Preview', () => {
  beforeEach(resetEditor);

  it('skips what was passed over while the editor was slow', async () => {
    const slow = deferred<unknown>();
    window.showTextDocument.mockReturnValueOnce(slow.promise);
    const preview = new Preview();
    preview.show(hit('a'));
    await settle();
    preview.show(hit('b'));
    preview.show(hit('c'));
    slow.resolve({ revealRange: vi.fn(), setDecorations: vi.fn() });
    await settle();
    expect(window.showTextDocument.mock.calls.map(([uri]) => String(uri))).toEqual([
      'file:///project/src/a.py',
      'file:///project/src/c.py',
    ]);
  });

  it('survives a file that is gone', async () => {
    window.showTextDocument.mockRejectedValueOnce(new Error('no such file'));
    const preview = new Preview();
    preview.show(hit('gone'));
    await settle();
    preview.show(hit('there'));
    await settle();
    expect(window.showTextDocument).toHaveBeenCalledTimes(2);
  });

  it('restores selection and scrolling', async () => {
    window.activeTextEditor = editorOn('file:///project/a.py');
    const preview = new Preview();
    preview.show(hit('x'));
    await settle();
    const restored = { selections: undefined, revealRange: vi.fn() };
    window.showTextDocument.mockResolvedValueOnce(restored);
    await preview.restore();
    expect(restored.selections).toEqual(['the selection']);
    expect(restored.revealRange).toHaveBeenCalledWith('what was visible', 3);
  });

  it('closes the tab that it opened, and no other', async () => {
    const kept = tab('file:///project/kept.py', true);
    const pinned = tab('file:///project/src/x.py', false);
    const opened = tab('file:///project/src/y.py', true);
    window.tabGroups.all = [{ tabs: [kept, { isPreview: true, input: 'an image' }] }];
    const preview = new Preview();
    preview.show(hit('y'));
    await settle();
    window.tabGroups.all = [{ tabs: [kept, pinned] }, { tabs: [opened] }];
    await preview.restore();
    expect(window.tabGroups.close).toHaveBeenCalledExactlyOnceWith([opened]);
  });

  it('shows an editor that was itself a preview as a preview again', async () => {
    window.activeTextEditor = editorOn('file:///project/a.py');
    window.tabGroups.all = [{ tabs: [tab('file:///project/a.py', true)] }];
    const preview = new Preview();
    preview.show(hit('x'));
    await settle();
    await preview.restore();
    expect(window.showTextDocument.mock.calls.at(-1)![1]).toMatchObject({ preview: true });
  });

  it('highlights whole lines, with the cursor where the code begins', async () => {
    const editor = { revealRange: vi.fn(), setDecorations: vi.fn() };
    window.showTextDocument.mockResolvedValueOnce(editor);
    new Preview().show(hit('x', 5));
    await settle();
    expect(editor.setDecorations.mock.calls[0]![1]).toMatchObject([{ start: { line: 4 }, end: { line: 6 } }]);
    expect(editor.revealRange.mock.calls[0]![0]).toMatchObject({ start: { line: 4 }, end: { line: 4 } });
  });

  it('goes to a cell in its notebook, and says so when that is closed', async () => {
    const uri = 'vscode-notebook-cell:/project/notes.ipynb#c2';
    const cell = { ...hit('x'), location: { ...hit('x').location, uri } };
    await expect(reveal(cell, { preview: true })).rejects.toThrow('/project/notes.ipynb is not open any more');
    const cells = ['#c1', '#c2'].map((part, index) => ({
      index,
      document: { uri: Uri.parse(`vscode-notebook-cell:/project/notes.ipynb${part}`) },
    }));
    const notebook = { getCells: () => cells };
    workspace.notebookDocuments = [{ getCells: () => [] }, notebook];
    await reveal(cell, { preview: true, preserveFocus: true });
    expect(window.showNotebookDocument).toHaveBeenCalledExactlyOnceWith(notebook, {
      preview: true,
      preserveFocus: true,
      selections: [{ start: 1, end: 2 }],
    });
    expect(window.showTextDocument).not.toHaveBeenCalled();
  });

  it('goes back to a cell in its notebook', async () => {
    window.activeTextEditor = editorOn('vscode-notebook-cell:/project/notes.ipynb#c1');
    const document = { uri: Uri.parse('vscode-notebook-cell:/project/notes.ipynb#c1') };
    workspace.notebookDocuments = [{ getCells: () => [{ index: 0, document }] }];
    const preview = new Preview();
    preview.show(hit('x'));
    await settle();
    await preview.restore();
    expect(window.showNotebookDocument).toHaveBeenCalledOnce();
  });
});
