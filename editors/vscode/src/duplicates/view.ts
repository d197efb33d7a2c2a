import {
  type Disposable,
  EventEmitter,
  l10n,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  window,
} from 'vscode';
import { errorText } from '../errors';
import type { Clone, CloneGroup } from '../protocol';
import { kindIcon, nameOf, whereOf } from '../results/items';
import type { Server } from '../server/client';
import { compare } from '../similar/compare';

const MOST_GROUPS = 200;

export type Node = CloneGroup | Clone;

/** The workspace's groups of copies, requested when the view is first shown and when the user refreshes it. */
export class DuplicatesView implements TreeDataProvider<Node>, Disposable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: TreeView<Node>;
  private groups: CloneGroup[] | undefined;
  /** Whether the groups that are shown come from an incomplete index. */
  private early = false;

  constructor(private readonly server: Server) {
    this.view = window.createTreeView<Node>('fathom.duplicates', { treeDataProvider: this, showCollapseAll: true });
    server.onHealth(({ quiescent }) => {
      if (quiescent && this.early) {
        this.refresh();
      }
    });
  }

  /** Requests the groups again. */
  refresh(): void {
    this.groups = undefined;
    this.early = false;
    this.changed.fire(undefined);
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node) {
      return isGroup(node) ? node.clones : [];
    }
    if (!this.groups) {
      try {
        const { groups, indexing, message } = await this.server.request('fathom/duplicates', { limit: MOST_GROUPS });
        // During indexing, groups may be missing: they are requested again when it has ended, or the next time.
        this.groups = indexing ? undefined : groups;
        this.early = indexing;
        this.view.message = message ?? (indexing ? early(groups) : groups.length ? '' : none());
        return groups;
      } catch (error) {
        this.view.message = errorText(error);
        return [];
      }
    }
    return this.groups;
  }

  getTreeItem(node: Node): TreeItem {
    return isGroup(node) ? groupItem(node) : cloneItem(node);
  }

  getParent(node: Node): CloneGroup | undefined {
    return isGroup(node) ? undefined : this.groups?.find(({ clones }) => clones.includes(node));
  }

  /** A diff of a copy and the first of its group; of a group, of its first two. */
  async compare(node: Node): Promise<void> {
    const group = isGroup(node) ? node : this.getParent(node);
    const [first, second] = group?.clones ?? [];
    if (first && second) {
      await compare(first, isGroup(node) || node === first ? second : node);
    }
  }

  dispose(): void {
    this.view.dispose();
  }
}

function early(groups: CloneGroup[]): string {
  return groups.length
    ? l10n.t('Still indexing, more may be found later')
    : l10n.t('Nothing found yet, still indexing');
}

function none(): string {
  return l10n.t('No function here is a copy of another one.');
}

function isGroup(node: Node): node is CloneGroup {
  return 'clones' in node;
}

function groupItem(group: CloneGroup): TreeItem {
  const first = group.clones[0]!;
  const item = new TreeItem(nameOf(first), TreeItemCollapsibleState.Collapsed);
  item.id = group.key;
  item.iconPath = new ThemeIcon('files');
  item.description = `${l10n.t('{0} copies', group.clones.length)} · ${likeness(group.kind, group.similarity)}`;
  item.contextValue = 'group';
  item.accessibilityInformation = { label: `${nameOf(first)}, ${item.description}` };
  return item;
}

function cloneItem(clone: Clone): TreeItem {
  const item = new TreeItem(nameOf(clone), TreeItemCollapsibleState.None);
  item.iconPath = new ThemeIcon(kindIcon(clone.kind));
  item.description = whereOf(clone);
  item.tooltip = clone.signature;
  item.contextValue = 'clone';
  item.command = { command: 'fathom.results.open', title: l10n.t('Open'), arguments: [clone] };
  item.accessibilityInformation = { label: `${nameOf(clone)}, ${whereOf(clone)}` };
  return item;
}

function likeness(kind: CloneGroup['kind'], similarity: number): string {
  switch (kind) {
    case 'exact':
      return l10n.t('the same code');
    case 'renamed':
      return l10n.t('equal except for names');
    case 'near':
      return l10n.t('{0} % alike', Math.round(similarity * 100));
  }
}
