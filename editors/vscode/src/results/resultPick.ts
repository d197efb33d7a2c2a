import { type Disposable, l10n, type QuickInputButton, type QuickPick, ThemeIcon, ViewColumn, window } from 'vscode';
import { reportError } from '../errors';
import type { Hit, SearchResult } from '../protocol';
import { messageItem, resultItem, type ResultItem, type RowButton } from './items';
import { openBeside, Preview } from './preview';

/** A button beside the title, with a tooltip. */
export interface PickButton extends QuickInputButton {
  run(pick: ResultPick): unknown;
}

export interface ResultPickOptions {
  title: string;
  placeholder: string;
  /** Whether typing narrows the list. If not, typing is a new search, and VS Code hides no row. */
  narrows: boolean;
  value?: string;
  buttons: PickButton[];
  /** Additional buttons of a row. */
  rowButtons?: (hit: Hit) => RowButton[];
  /** Receives the results that the user wants to keep. */
  keep: (hits: Hit[]) => void;
  onType?: (value: string) => void;
  /** Called when a result was opened or the results were kept. */
  onUsed?: () => void;
  onClose?: () => void;
}

/** The list of results: a selected row is previewed, Enter opens it, Escape returns to the previous position. */
export class ResultPick implements Disposable {
  private readonly pick: QuickPick<ResultItem> = window.createQuickPick<ResultItem>();
  /** The title of the list if there is no message. */
  title: string;
  private readonly preview = new Preview();
  private hits: Hit[] = [];
  /** The row that the user selected since the last change of the input. */
  private chosen: Hit | undefined;
  private leaving = false;
  private suspended = false;

  constructor(private readonly options: ResultPickOptions) {
    const { pick } = this;
    this.title = options.title;
    pick.title = options.title;
    pick.placeholder = options.placeholder;
    pick.value = options.value ?? '';
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    keepOrder(pick);
    const keepAll: PickButton = {
      iconPath: new ThemeIcon('list-tree'),
      tooltip: l10n.t('Keep All in the Results View'),
      run: () => this.keepAll(),
    };
    pick.buttons = [...options.buttons, keepAll];
    pick.onDidTriggerButton((button) => void (button as PickButton).run(this));
    pick.onDidTriggerItemButton(({ button }) => void (button as RowButton).run());
    pick.onDidChangeValue((value) => this.typed(value));
    pick.onDidChangeActive(([item]) => this.moved(item));
    pick.onDidAccept(() => void this.accept());
    pick.onDidHide(() => void this.close());
    pick.show();
  }

  get value(): string {
    return this.pick.value;
  }

  /** Sets the input as if it were typed. */
  setValue(value: string): void {
    this.pick.value = value;
    this.typed(value);
  }

  /** A request is in progress. */
  setBusy(busy: boolean): void {
    this.pick.busy = busy;
  }

  /** Shows an answer. The row that the user selected stays selected at its new position. */
  showResults({ results, indexing, message }: SearchResult, moreFollows = false): void {
    this.pick.busy = moreFollows;
    this.hits = results;
    const note = message ?? (indexing ? l10n.t('still indexing, more may be found later') : undefined);
    this.pick.title = note ? `${this.title} (${note})` : this.title;
    if (!results.length) {
      const text = indexing ? l10n.t('Nothing found yet, still indexing') : l10n.t('No results');
      this.pick.items = [messageItem(text, 'info')];
      return;
    }
    const items = results.map((hit) => resultItem(hit, !this.options.narrows, this.rowButtons(hit)));
    const again = items.find(({ hit }) => this.chosen && samePlace(hit!, this.chosen));
    this.pick.keepScrollPosition = again !== undefined;
    this.pick.items = items;
    if (again) {
      this.pick.activeItems = [again];
    }
  }

  showError(text: string): void {
    this.showItems([messageItem(text, 'error')]);
  }

  /** Shows rows that are not results. */
  showItems(items: ResultItem[]): void {
    this.pick.busy = false;
    this.pick.title = this.title;
    this.hits = [];
    this.pick.items = items;
  }

  /** Closes the list without restoring the editor, and returns its hits. */
  leave(): Hit[] {
    this.leaving = true;
    this.options.onUsed?.();
    this.pick.hide();
    return this.hits;
  }

  /** Shows another list, then this one again. */
  async whileHidden(ask: () => Promise<void>): Promise<void> {
    this.suspended = true;
    this.pick.hide();
    try {
      await ask();
    } catch (error) {
      await reportError(error);
    } finally {
      this.suspended = false;
      this.pick.show();
    }
  }

  /** Restores the editor as it was before the list. */
  restore(): Promise<void> {
    return this.preview.restore();
  }

  dispose(): void {
    this.pick.hide();
  }

  private typed(value: string): void {
    this.chosen = undefined;
    this.options.onType?.(value);
  }

  private moved(item: ResultItem | undefined): void {
    if (item?.hit) {
      this.chosen = item === this.pick.items[0] ? undefined : item.hit;
      this.preview.show(item.hit);
    }
  }

  private rowButtons(hit: Hit): RowButton[] {
    const beside: RowButton = {
      iconPath: new ThemeIcon('split-horizontal'),
      tooltip: l10n.t('Open to the Side'),
      run: () => {
        this.leave();
        void this.preview
          .restore()
          .then(() => openBeside(hit, ViewColumn.Beside))
          .catch(reportError);
      },
    };
    return [...(this.options.rowButtons?.(hit) ?? []), beside];
  }

  private keepAll(): void {
    if (this.hits.length) {
      this.options.keep(this.leave());
      void this.preview.restore();
    }
  }

  private async accept(): Promise<void> {
    const item = this.pick.activeItems[0];
    if (!item?.hit) {
      item?.run?.();
      return;
    }
    this.leave();
    try {
      await this.preview.open(item.hit);
    } catch (error) {
      await reportError(error);
    }
  }

  private async close(): Promise<void> {
    if (this.suspended) {
      return;
    }
    this.pick.dispose();
    this.options.onClose?.();
    if (!this.leaving) {
      await this.preview.restore();
    }
  }
}

function samePlace(first: Hit, second: Hit): boolean {
  return first.location.uri === second.location.uri && first.startLine === second.startLine;
}

/** Stops VS Code from sorting rows by how well they match the typed text. The stable typings lack the property. */
function keepOrder(pick: QuickPick<ResultItem>): void {
  if ('sortByLabel' in pick) {
    pick.sortByLabel = false;
  }
}
