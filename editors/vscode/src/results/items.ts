import { posix } from 'node:path';
import { l10n, type QuickInputButton, type QuickPickItem, ThemeIcon, Uri, workspace } from 'vscode';
import type { Hit, Place } from '../protocol';

/** A button of a row, with a tooltip. */
export interface RowButton extends QuickInputButton {
  run(): unknown;
}

/** A row of the result list. */
export interface ResultItem extends QuickPickItem {
  /** The hit of the row; undefined for a message or an action. */
  hit?: Hit;
  /** The action of Enter on a row without a hit. */
  run?(): void;
  buttons?: RowButton[];
}

const ICONS: Record<string, string> = {
  method: 'symbol-method',
  constructor: 'symbol-constructor',
  class: 'symbol-class',
  interface: 'symbol-interface',
  trait: 'symbol-interface',
  struct: 'symbol-struct',
  enum: 'symbol-enum',
  object: 'symbol-object',
  namespace: 'symbol-namespace',
  type: 'symbol-type-parameter',
  module: 'symbol-file',
};

/** The codicon of a kind of code. */
export function kindIcon(kind: string): string {
  return (Object.hasOwn(ICONS, kind) ? ICONS[kind] : undefined) ?? 'symbol-function';
}

/** The name of a piece of code, or of its file if it has none. */
export function nameOf({ qualifiedName, path }: Place): string {
  return qualifiedName || posix.basename(path);
}

/** Its location for users; with the workspace folder if there are several. */
export function whereOf({ location, path, startLine }: Place): string {
  const uri = Uri.parse(location.uri);
  // The path of a notebook's cell identifies the cell.
  return `${uri.scheme === 'file' ? workspace.asRelativePath(uri) : path}:${startLine}`;
}

/**
 * The row of a result: name, place and relevance, then the signature, with the icon of the file's language. `alwaysShow`
 * keeps rows that do not contain the typed words.
 */
export function resultItem(hit: Hit, alwaysShow: boolean, buttons: RowButton[] = []): ResultItem {
  const copies = hit.copies?.length ? ` · ${l10n.t('{0} copies', hit.copies.length)}` : '';
  const item: ResultItem = {
    label: `$(${kindIcon(hit.kind)}) ${nameOf(hit)}`,
    description: `${whereOf(hit)} · ${percent(hit.relevance)}${copies}`,
    detail: hit.signature,
    iconPath: ThemeIcon.File,
    alwaysShow,
    buttons,
    hit,
  };
  // VS Code derives the icon of the row from the file's URI. Versions that do not know the property
  // show a generic icon.
  return Object.assign(item, { resourceUri: Uri.parse(hit.location.uri) });
}

/** A fraction as a percentage for users. */
export function percent(share: number): string {
  return l10n.t('{0} %', share);
}

/** A row with a message. */
export function messageItem(text: string, icon: string): ResultItem {
  return { label: text, iconPath: new ThemeIcon(icon), alwaysShow: true };
}
