import { posix } from 'node:path';
import { type QuickPickItem, ThemeIcon, Uri, workspace } from 'vscode';
import type { Hit } from './protocol';

/** A row of the result list. A row without a hit only tells something. */
export interface ResultItem extends QuickPickItem {
  hit?: Hit;
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

/** The row of a result: name and place, then the signature. `alwaysShow` keeps rows that lack the typed words. */
export function resultItem(hit: Hit, alwaysShow: boolean): ResultItem {
  const icon = Object.hasOwn(ICONS, hit.kind) ? ICONS[hit.kind] : undefined;
  return {
    label: hit.qualifiedName || posix.basename(hit.path),
    description: `${workspace.asRelativePath(Uri.parse(hit.location.uri))}:${hit.startLine}`,
    detail: hit.signature,
    iconPath: new ThemeIcon(icon ?? 'symbol-function'),
    alwaysShow,
    hit,
  };
}

/** A row that tells something. */
export function messageItem(text: string, icon: string): ResultItem {
  return { label: text, iconPath: new ThemeIcon(icon), alwaysShow: true };
}
