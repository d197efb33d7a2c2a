import { type Disposable, type QuickPick, window } from 'vscode';
import { reportError } from './errors';
import { messageItem, resultItem, type ResultItem } from './items';
import { Preview } from './preview';
import type { SearchResult } from './protocol';

export interface ResultPickOptions {
  title: string;
  placeholder: string;
  /** Whether typing narrows the list down. If not, typing is a new search and every row stays. */
  narrows: boolean;
  onType?: (value: string) => void;
  onClose?: () => void;
}

/** The list of results: moving through it previews, Enter opens, Escape goes back to where the user was. */
export class ResultPick implements Disposable {
  private readonly pick: QuickPick<ResultItem> = window.createQuickPick<ResultItem>();
  private readonly preview = new Preview();
  private opened = false;

  constructor(private readonly options: ResultPickOptions) {
    const { pick } = this;
    pick.title = options.title;
    pick.placeholder = options.placeholder;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    keepOrder(pick);
    pick.onDidChangeValue((value) => options.onType?.(value));
    pick.onDidChangeActive(([item]) => item?.hit && this.preview.show(item.hit));
    pick.onDidAccept(() => void this.accept());
    pick.onDidHide(() => void this.close());
    pick.show();
  }

  /** A request is under way. */
  setBusy(busy: boolean): void {
    this.pick.busy = busy;
  }

  showResults({ results, indexing }: SearchResult): void {
    this.pick.busy = false;
    this.pick.title = indexing ? `${this.options.title} (still indexing, more may be found later)` : this.options.title;
    this.pick.items = results.length
      ? results.map((hit) => resultItem(hit, !this.options.narrows))
      : [messageItem(indexing ? 'Nothing found yet, still indexing' : 'No results', 'info')];
  }

  showError(text: string): void {
    this.pick.busy = false;
    this.pick.items = [messageItem(text, 'error')];
  }

  clear(): void {
    this.pick.busy = false;
    this.pick.title = this.options.title;
    this.pick.items = [];
  }

  dispose(): void {
    this.pick.hide();
  }

  private async accept(): Promise<void> {
    const hit = this.pick.activeItems[0]?.hit;
    if (!hit) {
      return;
    }
    this.opened = true;
    this.pick.hide();
    try {
      await this.preview.open(hit);
    } catch (error) {
      await reportError(error);
    }
  }

  private async close(): Promise<void> {
    this.pick.dispose();
    this.options.onClose?.();
    if (!this.opened) {
      await this.preview.restore();
    }
  }
}

/** Stops VS Code from sorting rows by how well they match the typed text. The stable typings lack the property. */
function keepOrder(pick: QuickPick<ResultItem>): void {
  if ('sortByLabel' in pick) {
    pick.sortByLabel = false;
  }
}
