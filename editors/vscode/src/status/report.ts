import { EventEmitter, l10n, type TextDocumentContentProvider, Uri, version, window, workspace } from 'vscode';
import { errorText } from '../errors';
import type { FolderStatus, Stage } from '../protocol';
import type { Server } from '../server/client';

/** The scheme of the report's document. */
export const SCHEME = 'fathom-status';

const ADDRESS = Uri.from({ scheme: SCHEME, path: 'Fathom Status.md' });

/** A page in Markdown with the state of the server and its indexes, for users and bug reports. */
export class StatusReport implements TextDocumentContentProvider {
  private readonly changed = new EventEmitter<Uri>();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly extensionVersion: string,
  ) {}

  /** Opens a new report. */
  async show(): Promise<void> {
    this.changed.fire(ADDRESS);
    await window.showTextDocument(await workspace.openTextDocument(ADDRESS), { preview: true });
  }

  async provideTextDocumentContent(): Promise<string> {
    const head = [
      `# ${l10n.t('Fathom Status')}`,
      '',
      `- ${l10n.t('Extension {0}, VS Code {1}, {2}', this.extensionVersion, version, process.platform)}`,
    ];
    try {
      const status = await this.server.request('fathom/status', {});
      head.push(`- ${l10n.t('Server {0}: {1}', status.version, this.server.command ?? '')}`);
      return [...head, ...status.roots.flatMap(folderText), ''].join('\n');
    } catch (error) {
      return [...head, `- ${l10n.t('Server: {0}', errorText(error))}`, ''].join('\n');
    }
  }
}

/** One workspace folder. */
function folderText(folder: FolderStatus): string[] {
  const lines = ['', `## ${decodeURIComponent(folder.rootUri)}`, ''];
  if (folder.error !== null) {
    return [...lines, `- ${l10n.t('State: {0}', folder.state)}`, `- ${l10n.t('Problem: {0}', folder.error)}`];
  }
  // While files are being read, `total` counts only the functions that were found so far.
  const reads = folder.indexing && folder.progress?.stage !== 'embed';
  const skipped = Object.entries(folder.skipped ?? {});
  const left = folder.skippedFiles ?? [];
  return [
    ...lines,
    `- ${l10n.t('State: {0}', folder.state)}${folder.paused ? ` (${l10n.t('paused: {0}', folder.paused)})` : ''}`,
    `- ${l10n.t('{0} files, {1} functions', folder.files ?? 0, folder.functions ?? 0)}`,
    ...(folder.message ? [`- ${folder.message}`] : []),
    ...(reads ? [] : (folder.coverage ?? [])).map(
      ({ stage, done, total }) => `- ${stageName(stage)}: ${done} / ${total}`,
    ),
    `- ${l10n.t('Languages: {0}', counts(Object.entries(folder.languages ?? {})) || '–')}`,
    ...(skipped.length ? [`- ${l10n.t('Left out: {0}', counts(skipped))}`] : []),
    `- ${l10n.t('Model: {0}', folder.model ?? '')}`,
    `- ${l10n.t('Index: {0} ({1} MB)', folder.indexPath ?? '', ((folder.indexBytes ?? 0) / 1e6).toFixed(1))}`,
    `- ${l10n.t('Indexer: process {0}, shared by {1}', folder.pid ?? '', folder.clients ?? 1)}`,
    ...(left.length ? ['', `### ${l10n.t('Files that were left out')}`, ''] : []),
    ...left.map(({ path, reason }) => `- ${path}: ${reason}`),
  ];
}

function stageName(stage: Stage): string {
  const names: Record<Stage, string> = {
    parse: l10n.t('Found by words'),
    embed: l10n.t('Found by meaning'),
    deepen: l10n.t('Ordered by the whole model'),
  };
  return names[stage];
}

function counts(entries: [string, number][]): string {
  return entries
    .sort(([, first], [, second]) => second - first)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
