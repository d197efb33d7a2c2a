import { type Disposable, l10n, languages, LanguageStatusSeverity } from 'vscode';
import type { Health, StatusResult } from '../protocol';
import type { Life, Server } from '../server/client';
import { SELECTOR } from '../server/languages';

/** Milliseconds between two requests for the progress of deepening, of which the server sends no notifications. */
const LOOK_EVERY_MS = 3000;

/** The contents of the item. */
export interface Shown {
  text: string;
  detail: string;
  severity: LanguageStatusSeverity;
  busy: boolean;
}

/** The known state of the server. */
export interface Known {
  life: Life;
  /** A message about the progress of indexing. */
  progress: string | undefined;
  health: Health | undefined;
  status: StatusResult | undefined;
}

/** Shows the state of the server and the index in the language status. Its action opens the menu. */
export class StatusItem implements Disposable {
  private readonly item = languages.createLanguageStatusItem('fathom', SELECTOR);
  private readonly known: Known = { life: 'stopped', progress: undefined, health: undefined, status: undefined };
  private look: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server) {
    this.item.name = 'Fathom';
    this.item.command = { command: 'fathom.menu', title: l10n.t('Actions') };
    server.onLife((life) =>
      this.take({ life, ...(life === 'running' ? {} : { health: undefined, status: undefined }) }),
    );
    server.onProgress((progress) => this.take({ progress }));
    server.onHealth((health) => {
      this.take({ health });
      void this.ask();
    });
    this.take({});
  }

  dispose(): void {
    clearTimeout(this.look);
    this.item.dispose();
  }

  private take(news: Partial<Known>): void {
    Object.assign(this.known, news);
    Object.assign(this.item, shown(this.known));
  }

  private async ask(): Promise<void> {
    clearTimeout(this.look);
    try {
      const status = await this.server.request('fathom/status', {});
      this.take({ status });
      if (status.roots.some(({ deepening, paused }) => deepening && !paused)) {
        this.look = setTimeout(() => void this.ask(), LOOK_EVERY_MS);
      }
    } catch {
      // The item's text reports a server that has ended.
    }
  }
}

/** The contents of the item for a state. */
export function shown({ life, progress, health, status }: Known): Shown {
  const good = LanguageStatusSeverity.Information;
  if (life === 'failed') {
    const text = l10n.t('Fathom is not running');
    return {
      text,
      detail: l10n.t('the server could not be started'),
      severity: LanguageStatusSeverity.Error,
      busy: false,
    };
  }
  if (life === 'silent') {
    const text = l10n.t('Fathom does not answer');
    return { text, detail: l10n.t('restart the server'), severity: LanguageStatusSeverity.Warning, busy: false };
  }
  if (life !== 'running') {
    const text = life === 'starting' ? l10n.t('Fathom is starting') : l10n.t('Fathom is not started');
    return { text, detail: '', severity: good, busy: life === 'starting' };
  }
  if (health && health.health !== 'ok') {
    const severity = health.health === 'error' ? LanguageStatusSeverity.Error : LanguageStatusSeverity.Warning;
    return { text: l10n.t('Fathom has a problem'), detail: health.message ?? '', severity, busy: false };
  }
  if (progress !== undefined || health?.quiescent === false) {
    return { text: l10n.t('Fathom is indexing'), detail: progress ?? '', severity: good, busy: true };
  }
  const deep = share(status, 'deepen');
  return {
    text: l10n.t('Fathom is ready'),
    detail: [functionsText(status), deep === undefined || deep === 100 ? '' : l10n.t('order refined: {0} %', deep)]
      .filter(Boolean)
      .join(' · '),
    severity: good,
    busy: false,
  };
}

/** The progress of one stage over all folders, in percent; undefined if it is not known. */
export function share(status: StatusResult | undefined, stage: string): number | undefined {
  const parts = (status?.roots ?? []).flatMap(({ coverage }) => coverage ?? []).filter((part) => part.stage === stage);
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  const done = parts.reduce((sum, part) => sum + part.done, 0);
  // Rounded down: 100 means that everything is done.
  return total > 0 ? Math.floor((100 * done) / total) : undefined;
}

function functionsText(status: StatusResult | undefined): string {
  const counts = (status?.roots ?? []).flatMap(({ functions }) => (functions === undefined ? [] : [functions]));
  return counts.length
    ? l10n.t(
        '{0} functions',
        counts.reduce((sum, count) => sum + count),
      )
    : '';
}
