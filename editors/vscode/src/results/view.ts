import {
  commands,
  type Disposable,
  EventEmitter,
  l10n,
  type Memento,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  window,
} from 'vscode';
import { reportError } from '../errors';
import type { Hit, Place, SearchResult } from '../protocol';
import { kindIcon, nameOf, percent } from './items';
import type { Question, ResultList } from './list';
import { reveal } from './preview';

const KEY = 'results';

/** The hits of one file. */
export interface FileNode {
  uri: string;
  hits: Hit[];
}

export type Node = FileNode | Hit;

/** Repeats a query. */
export type AskAgain = (question: Question, onFirst: (result: SearchResult) => void) => Promise<SearchResult>;

/** Results that are kept, even after a reload of the window: a tree grouped by file, best file first. */
export class ResultsView implements TreeDataProvider<Node>, Disposable {
  private readonly changed = new EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: TreeView<Node>;
  private list: ResultList | undefined;
  private files: FileNode[] = [];
  private current: Hit | undefined;

  constructor(
    private readonly state: Memento,
    private readonly askAgain: AskAgain,
  ) {
    this.view = window.createTreeView<Node>('fathom.results', { treeDataProvider: this, showCollapseAll: true });
    this.show(state.get<ResultList>(KEY));
  }

  /** The hits in the order of the tree, for the commands next and previous. */
  get hits(): Hit[] {
    return this.files.flatMap(({ hits }) => hits);
  }

  /** The function that the results were compared with, if any. */
  get compared(): Place | undefined {
    return this.list?.compared;
  }

  /** Replaces the list and reveals the view. */
  async keep(list: ResultList): Promise<void> {
    this.show(list);
    await commands.executeCommand('fathom.results.focus');
  }

  /** Repeats the query. Dismissed results reappear if they are found again. */
  async refresh(): Promise<void> {
    const list = this.list;
    if (!list) {
      return;
    }
    await window.withProgress({ location: { viewId: 'fathom.results' } }, async () => {
      const show = (answer: SearchResult) => {
        if (this.list?.question === list.question) {
          this.show({ ...list, hits: answer.results, compared: answer.compared });
          if (answer.message) {
            this.view.message = answer.message;
          }
        }
      };
      show(await this.askAgain(list.question, show));
    });
  }

  /** Removes a hit, or all hits of a file. */
  dismiss(node: Node | undefined = this.view.selection[0]): void {
    if (this.list && node) {
      const gone = new Set(isFile(node) ? node.hits : [node]);
      const hits = this.list.hits.filter((hit) => !gone.has(hit));
      this.show(hits.length ? { ...this.list, hits } : undefined);
    }
  }

  clear(): void {
    this.show(undefined);
  }

  /** Opens the hit that is `by` steps after the current one, and wraps around at the ends. */
  async step(by: 1 | -1): Promise<void> {
    const { hits } = this;
    if (!hits.length) {
      return;
    }
    const index = this.current ? hits.indexOf(this.current) : -1;
    const next = index < 0 ? (by > 0 ? 0 : hits.length - 1) : (index + by + hits.length) % hits.length;
    const hit = hits[next]!;
    await this.open(hit);
    if (this.view.visible) {
      await this.view.reveal(hit, { focus: false });
    }
  }

  /** Opens a hit and makes it the current one. */
  async open(hit: Hit): Promise<void> {
    this.current = hit;
    try {
      await reveal(hit, { preview: true });
    } catch (error) {
      await reportError(error);
    }
  }

  getTreeItem(node: Node): TreeItem {
    return isFile(node) ? fileItem(node) : hitItem(node);
  }

  getChildren(node?: Node): Node[] {
    return node === undefined ? this.files : isFile(node) ? node.hits : [];
  }

  getParent(node: Node): FileNode | undefined {
    return isFile(node) ? undefined : this.files.find(({ hits }) => hits.includes(node));
  }

  dispose(): void {
    this.view.dispose();
  }

  private show(list: ResultList | undefined): void {
    this.list = list;
    this.files = byFile(list?.hits ?? []);
    this.current = undefined;
    this.view.description = list ? titleOf(list) : '';
    this.view.message = list && !list.hits.length ? l10n.t('No results') : '';
    this.changed.fire(undefined);
    void this.state.update(KEY, list);
    void commands.executeCommand('setContext', 'fathom.hasResults', list !== undefined);
    void commands.executeCommand('setContext', 'fathom.resultsAreSimilar', this.compared !== undefined);
  }
}

export function isFile(node: Node): node is FileNode {
  return 'hits' in node;
}

/** The hits grouped by file, both in the order of the list. */
export function byFile(hits: Hit[]): FileNode[] {
  const files = new Map<string, FileNode>();
  for (const hit of hits) {
    const { uri } = hit.location;
    const file = files.get(uri) ?? { uri, hits: [] };
    files.set(uri, file);
    file.hits.push(hit);
  }
  return [...files.values()];
}

function titleOf({ question, compared }: ResultList): string {
  if (question.kind === 'search') {
    return question.input;
  }
  return compared ? l10n.t('like {0}', nameOf(compared)) : '';
}

function fileItem({ uri, hits }: FileNode): TreeItem {
  const item = new TreeItem(Uri.parse(uri), TreeItemCollapsibleState.Expanded);
  item.iconPath = ThemeIcon.File;
  // The folder, unless the tree shows it already.
  item.description = true;
  item.contextValue = 'file';
  item.accessibilityInformation = { label: l10n.t('{0}, {1} results', hits[0]!.path, hits.length) };
  return item;
}

function hitItem(hit: Hit): TreeItem {
  const item = new TreeItem(nameOf(hit), TreeItemCollapsibleState.None);
  item.iconPath = new ThemeIcon(kindIcon(hit.kind));
  item.description = percent(hit.relevance);
  item.tooltip = hit.snippet;
  item.contextValue = 'hit';
  item.command = { command: 'fathom.results.open', title: l10n.t('Open'), arguments: [hit] };
  item.accessibilityInformation = {
    label: l10n.t('{0}, line {1}, relevance {2} %', nameOf(hit), hit.startLine, hit.relevance),
  };
  return item;
}
