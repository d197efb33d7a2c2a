// The little of the module `vscode` that the extension uses, for tests outside the editor.

import { vi } from 'vitest';

export class Uri {
  private constructor(
    private readonly text: string,
    readonly scheme: string,
    readonly query = '',
  ) {}
  static parse(text: string): Uri {
    return new Uri(text, text.slice(0, text.indexOf(':')));
  }
  static from({ scheme, path, query }: { scheme: string; path: string; query?: string }): Uri {
    return new Uri(`${scheme}:${path}`, scheme, query);
  }
  get path(): string {
    return new URL(this.text).pathname;
  }
  with({ path }: { path: string }): Uri {
    return new Uri(this.text.replace(this.path, path), this.scheme);
  }
  toString(): string {
    return this.text;
  }
}

export class Location {
  constructor(
    readonly uri: Uri,
    readonly range: Range,
  ) {}
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(startLine: number, startCharacter: number, endLine: number, endCharacter: number) {
    this.start = new Position(startLine, startCharacter);
    this.end = new Position(endLine, endCharacter);
  }
}

export class NotebookRange {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class ThemeIcon {
  static readonly File = new ThemeIcon('file');
  constructor(readonly id: string) {}
}

export class TabInputText {
  constructor(readonly uri: Uri) {}
}

export class TreeItem {
  constructor(
    readonly label: unknown,
    readonly collapsibleState: TreeItemCollapsibleState,
  ) {}
}

export enum TreeItemCollapsibleState {
  None,
  Collapsed,
  Expanded,
}

export enum LanguageStatusSeverity {
  Information,
  Warning,
  Error,
}

export enum ProgressLocation {
  Notification = 15,
}

export enum ViewColumn {
  Beside = -2,
}

export enum TextEditorRevealType {
  InCenter = 1,
  AtTop = 3,
}

export class EventEmitter<T> {
  private listeners: ((value: T) => void)[] = [];
  event = (listener: (value: T) => void) => {
    this.listeners.push(listener);
    return { dispose: () => void (this.listeners = this.listeners.filter((other) => other !== listener)) };
  };
  fire(value: T): void {
    this.listeners.forEach((listener) => listener(value));
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.emitter.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {}
}

/** A quick pick that a test can type into and walk through. */
export class FakeQuickPick<T> {
  title = '';
  placeholder = '';
  busy = false;
  visible = false;
  disposed = false;
  matchOnDescription = false;
  matchOnDetail = false;
  sortByLabel = true;
  keepScrollPosition = false;
  value = '';
  buttons: { tooltip?: string }[] = [];
  private rows: T[] = [];
  private readonly valueChanged = new EventEmitter<string>();
  private readonly activeChanged = new EventEmitter<T[]>();
  private readonly accepted = new EventEmitter<void>();
  private readonly hidden = new EventEmitter<void>();
  private readonly buttonPressed = new EventEmitter<unknown>();
  private readonly rowButtonPressed = new EventEmitter<{ item: T; button: unknown }>();
  private active: T[] = [];
  onDidTriggerButton = this.buttonPressed.event;
  onDidTriggerItemButton = this.rowButtonPressed.event;
  onDidChangeValue = this.valueChanged.event;
  onDidChangeActive = this.activeChanged.event;
  onDidAccept = this.accepted.event;
  onDidHide = this.hidden.event;

  get activeItems(): T[] {
    return this.active;
  }
  set activeItems(items: T[]) {
    this.active = items;
    this.activeChanged.fire(items);
  }
  get items(): T[] {
    return this.rows;
  }
  set items(items: T[]) {
    this.rows = items;
    this.moveTo(0);
  }
  show(): void {
    this.visible = true;
  }
  hide(): void {
    if (this.visible) {
      this.visible = false;
      this.hidden.fire();
    }
  }
  dispose(): void {
    this.hide();
    this.disposed = true;
  }
  type(value: string): void {
    this.value = value;
    this.valueChanged.fire(value);
  }
  moveTo(index: number): void {
    const item = this.rows[index];
    this.activeItems = item === undefined ? [] : [item];
  }
  /** Presses the button beside the title whose tooltip begins so. */
  press(tooltip: string): void {
    this.buttonPressed.fire(this.buttons.find((button) => button.tooltip?.startsWith(tooltip)));
  }
  /** Presses a button of a row. */
  pressOn(index: number, tooltip: string): void {
    const item = this.rows[index] as T & { buttons: { tooltip?: string }[] };
    this.rowButtonPressed.fire({ item, button: item.buttons.find((button) => button.tooltip === tooltip) });
  }
  accept(): void {
    this.accepted.fire();
  }
}

/** Every quick pick that was made, newest last. Tests empty it. */
export const quickPicks: FakeQuickPick<any>[] = [];

/** The settings, by their full name. */
export const configuration = new Map<string, unknown>();

export const window = {
  activeTextEditor: undefined as unknown,
  createTextEditorDecorationType: () => ({ dispose: vi.fn() }),
  createTreeView: vi.fn((_id: string, _options: unknown) => ({
    description: '',
    message: '',
    visible: true,
    selection: [] as unknown[],
    reveal: vi.fn(async () => {}),
    dispose: vi.fn(),
  })),
  withProgress: vi.fn(async (_options: unknown, task: (progress: unknown, token: unknown) => Promise<unknown>) =>
    task({ report: vi.fn() }, new CancellationTokenSource().token),
  ),
  showQuickPick: vi.fn(),
  showOpenDialog: vi.fn(),
  tabGroups: { all: [] as { tabs: unknown[] }[], close: vi.fn(async () => true) },
  createOutputChannel: () => ({ appendLine: vi.fn(), show: vi.fn(), dispose: vi.fn() }),
  createQuickPick: () => {
    const pick = new FakeQuickPick();
    quickPicks.push(pick);
    return pick;
  },
  showTextDocument: vi.fn(),
  showNotebookDocument: vi.fn(),
  showErrorMessage: vi.fn(),
  showInformationMessage: vi.fn(),
};

export const languages = {
  createLanguageStatusItem: (id: string, selector: unknown) => ({ id, selector, dispose: vi.fn() }),
};

export const extensions = { getExtension: vi.fn((_id: string): unknown => undefined) };

/** English, as in an editor without a translation. */
export const l10n = {
  t: (text: string, ...values: unknown[]) => text.replace(/\{(\d)\}/g, (_, index) => String(values[Number(index)])),
};

export const version = '1.139.0';

export const configurationChanged = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();

export const workspace = {
  workspaceFolders: undefined as unknown[] | undefined,
  asRelativePath: (uri: Uri) => uri.path.replace(/^\/project\//, ''),
  isTrusted: true,
  notebookDocuments: [] as unknown[],
  getWorkspaceFolder: (uri: Uri) =>
    `${uri.path}/`.startsWith('/project/') ? { uri: Uri.parse('file:///project'), name: 'project' } : undefined,
  openTextDocument: vi.fn(),
  registerTextDocumentContentProvider: vi.fn(() => ({ dispose: () => {} })),
  getConfiguration: (section: string) => ({
    get: (name: string, fallback: unknown) => configuration.get(`${section}.${name}`) ?? fallback,
    update: async (name: string, value: unknown) => void configuration.set(`${section}.${name}`, value),
  }),
  onDidChangeConfiguration: configurationChanged.event,
};

export const commands = {
  registerCommand: vi.fn((_name: string, _run: (...args: unknown[]) => unknown) => ({ dispose: () => {} })),
  executeCommand: vi.fn(),
};
