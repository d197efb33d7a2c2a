import { beforeEach, describe, expect, it, vi } from 'vitest';
import { commands, window } from './vscode.mock';
import { DuplicatesView } from '../../src/duplicates/view';
import type { Clone, CloneGroup } from '../../src/protocol';
import type { Server } from '../../src/server/client';
import { fakeServer, hit, resetEditor } from './support';

const clone = (name: string): Clone => ({ ...hit(name, 4), clone: 'near', similarity: 0.9 });

const group = (kind: CloneGroup['kind'], ...names: string[]): CloneGroup => ({
  key: names.join(),
  kind,
  similarity: 0.876,
  tokens: 80,
  clones: names.map(clone),
});

describe('DuplicatesView', () => {
  let server: ReturnType<typeof fakeServer>;
  let view: DuplicatesView;
  const tree = () => window.createTreeView.mock.results.at(-1)!.value;

  beforeEach(() => {
    resetEditor();
    server = fakeServer();
    view = new DuplicatesView(server as unknown as Server);
  });

  it('asks once, and again after a refresh', async () => {
    server.request.mockResolvedValue({ groups: [group('exact', 'a', 'b')], indexing: false });
    const [first] = await view.getChildren();
    expect(await view.getChildren(first)).toHaveLength(2);
    await view.getChildren();
    expect(server.request).toHaveBeenCalledTimes(1);
    view.refresh();
    await view.getChildren();
    expect(server.request).toHaveBeenCalledTimes(2);
  });

  it('asks again after an answer that came during indexing', async () => {
    server.request.mockResolvedValue({ groups: [group('exact', 'a', 'b')], indexing: true });
    await view.getChildren();
    expect(tree().message).toContain('Still indexing');
    await view.getChildren();
    expect(server.request).toHaveBeenCalledTimes(2);
  });

  it('asks again by itself when indexing has ended, and only then', async () => {
    const changed = vi.fn();
    view.onDidChangeTreeData(changed);
    server.request.mockResolvedValue({ groups: [], indexing: true });
    await view.getChildren();
    expect(tree().message).toBe('Nothing found yet, still indexing');
    server.healthChanged.fire({ health: 'ok', quiescent: false, message: null });
    expect(changed).not.toHaveBeenCalled();
    server.healthChanged.fire({ health: 'ok', quiescent: true, message: null });
    expect(changed).toHaveBeenCalledOnce();
    server.request.mockResolvedValue({ groups: [group('exact', 'a', 'b')], indexing: false });
    await view.getChildren();
    expect(tree().message).toBe('');
    server.healthChanged.fire({ health: 'ok', quiescent: true, message: null });
    expect(changed).toHaveBeenCalledOnce();
  });

  it('shows what was found and says what is missing', async () => {
    const message = 'some results are missing: the folder api does not exist (any more)';
    server.request.mockResolvedValue({ groups: [group('exact', 'a', 'b')], indexing: false, message });
    expect(await view.getChildren()).toHaveLength(1);
    expect(tree().message).toBe(message);
  });

  it('says that there are none, and why there is no answer', async () => {
    server.request.mockResolvedValue({ groups: [], indexing: false });
    await view.getChildren();
    expect(tree().message).toBe('No function here is a copy of another one.');
    view.refresh();
    server.request.mockRejectedValue(new Error('no indexer'));
    expect(await view.getChildren()).toEqual([]);
    expect(tree().message).toBe('no indexer');
  });

  it.each([
    ['exact', 'the same code'],
    ['renamed', 'equal except for names'],
    ['near', '88 % alike'],
  ] as const)('says how alike %s copies are', (kind, text) => {
    expect(view.getTreeItem(group(kind, 'a', 'b')).description).toBe(`2 copies · ${text}`);
  });

  it('compares a copy with the first of its group, the first with the second', async () => {
    const groups = [group('near', 'a', 'b', 'c')];
    server.request.mockResolvedValue({ groups, indexing: false });
    await view.getChildren();
    const [a, , c] = groups[0]!.clones;
    for (const node of [c!, a!, groups[0]!]) {
      await view.compare(node);
    }
    const titles = commands.executeCommand.mock.calls.map(([, , , title]) => title);
    expect(titles).toEqual(['a ↔ c (src/c.py:4)', 'a ↔ b (src/b.py:4)', 'a ↔ b (src/b.py:4)']);
  });
});
