// The little of the module `vscode` that the extension uses, for tests outside the editor.

import { vi } from 'vitest';

export class Uri {
  private constructor(
    private readonly text: string,
    readonly scheme: string,
  ) {}
  static parse(text: string): Uri {
    return new Uri(text, text.slice(0, text.indexOf(':')));
  }
  get path(): string {
    return new URL(this.text).pathname;
  }
  toString(): string {
    return this.text;
  }
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

export class ThemeIcon {
  constructor(readonly id: string) {}
}

export class TabInputText {
  constructor(readonly uri: Uri) {}
}

export enum TextEditorRevealType {
  InCenter = 1,
  AtTop = 3,
}

export class EventEmitter<T> {
  private listeners: ((value: T) => void)[] = [];
  event = (listener: (value: T) => void) => {
    this.listeners.push(listener);
    return { dispose: () => {} };
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
  activeItems: T[] = [];
  private rows: T[] = [];
  private readonly valueChanged = new EventEmitter<string>();
  private readonly activeChanged = new EventEmitter<T[]>();
  private readonly accepted = new EventEmitter<void>();
  private readonly hidden = new EventEmitter<void>();
  onDidChangeValue = this.valueChanged.event;
  onDidChangeActive = this.activeChanged.event;
  onDidAccept = this.accepted.event;
  onDidHide = this.hidden.event;

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
    this.valueChanged.fire(value);
  }
  moveTo(index: number): void {
    const item = this.rows[index];
    this.activeItems = item === undefined ? [] : [item];
    this.activeChanged.fire(this.activeItems);
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
  tabGroups: { all: [] as { tabs: unknown[] }[], close: vi.fn(async () => true) },
  createOutputChannel: () => ({ appendLine: vi.fn(), show: vi.fn(), dispose: vi.fn() }),
  createQuickPick: () => {
    const pick = new FakeQuickPick();
    quickPicks.push(pick);
    return pick;
  },
  showTextDocument: vi.fn(),
  showErrorMessage: vi.fn(),
  showInformationMessage: vi.fn(),
};

export const configurationChanged = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();

export const workspace = {
  workspaceFolders: undefined as unknown[] | undefined,
  asRelativePath: (uri: Uri) => uri.path.replace(/^\/project\//, ''),
  getConfiguration: (section: string) => ({
    get: (name: string, fallback: unknown) => configuration.get(`${section}.${name}`) ?? fallback,
  }),
  onDidChangeConfiguration: configurationChanged.event,
};

export const commands = {
  registerCommand: vi.fn((_name: string, _run: (...args: unknown[]) => unknown) => ({ dispose: () => {} })),
  executeCommand: vi.fn(),
};
