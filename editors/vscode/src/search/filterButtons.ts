import { posix } from 'node:path';
import { l10n, type QuickInputButton, ThemeIcon, type Uri, window, workspace } from 'vscode';
import type { Server } from '../server/client';
import type { PickButton, ResultPick } from '../results/resultPick';
import { KINDS, type TermName, valuesOf, withValues } from './queryText';

/**
 * Buttons that insert filters into the input and remove them, so that all filters are visible in it.
 * `document` is the document that was active before.
 */
export function filterButtons(server: Server, document: Uri | undefined): PickButton[] {
  const folder = document && folderOf(document);
  return [
    ...(folder === undefined
      ? []
      : [button('folder', l10n.t('Only in This Folder ({0})', folder), (pick) => toggle(pick, 'in', `/${folder}`))]),
    button('code', l10n.t('Only Some Languages…'), (pick) =>
      choose(pick, 'lang', l10n.t('Languages to search in'), () => languagesOf(server)),
    ),
    button('symbol-class', l10n.t('Only Some Kinds…'), (pick) =>
      choose(pick, 'kind', l10n.t('Kinds to search for'), async () => KINDS),
    ),
    button('beaker', l10n.t('Without Tests'), (pick) => toggle(pick, 'tests', 'no')),
  ];
}

function button(icon: string, tooltip: string, run: (pick: ResultPick) => unknown): PickButton {
  const look: QuickInputButton = { iconPath: new ThemeIcon(icon), tooltip };
  return { ...look, run };
}

/** The folder of a document, relative to its workspace folder; undefined for the workspace folder itself. */
function folderOf(document: Uri): string | undefined {
  const workspaceFolder = workspace.getWorkspaceFolder(document);
  const folder = workspaceFolder && posix.relative(workspaceFolder.uri.path, posix.dirname(document.path));
  return folder || undefined;
}

function toggle(pick: ResultPick, name: TermName, value: string): void {
  const values = valuesOf(pick.value, name);
  const others = values.filter((other) => other !== value);
  pick.setValue(withValues(pick.value, name, others.length < values.length ? others : [...others, value]));
}

async function choose(
  pick: ResultPick,
  name: TermName,
  placeHolder: string,
  offer: () => Promise<string[]>,
): Promise<void> {
  await pick.whileHidden(async () => {
    const chosen = valuesOf(pick.value, name);
    const items = offer().then((values) =>
      [...new Set([...chosen, ...values])].map((label) => ({ label, picked: chosen.includes(label) })),
    );
    const picked = await window.showQuickPick(items, { canPickMany: true, placeHolder });
    if (picked) {
      pick.setValue(
        withValues(
          pick.value,
          name,
          picked.map(({ label }) => label),
        ),
      );
    }
  });
}

/** The languages of the workspace, by the number of functions. */
async function languagesOf(server: Server): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const { languages } of (await server.request('fathom/status', {})).roots) {
    Object.entries(languages ?? {}).forEach(([name, count]) => counts.set(name, (counts.get(name) ?? 0) + count));
  }
  return [...counts.keys()].sort((first, second) => counts.get(second)! - counts.get(first)!);
}
