import { commands, type ExtensionContext, workspace } from 'vscode';
import { DuplicatesView, type Node as DuplicateNode } from './duplicates/view';
import { reporting, ServerNotFound } from './errors';
import { locate } from './install/locate';
import { ManagedEnvironment } from './install/managed';
import { offerInstallation } from './install/offer';
import type { Hit } from './protocol';
import type { ResultList } from './results/list';
import { type Node, ResultsView } from './results/view';
import { History } from './search/history';
import { askFor, search, searchSelection } from './search/search';
import { Server } from './server/client';
import {
  compareWithMostSimilar,
  findSimilar,
  goToMostSimilar,
  keepSimilar,
  peekCopies,
  peekSimilar,
  askSimilar,
  placeOf,
} from './similar/similar';
import { compare, FunctionContent, SCHEME as FUNCTION } from './similar/compare';
import { excludeFolder } from './status/exclude';
import { StatusItem } from './status/item';
import { showMenu } from './status/menu';
import { SCHEME as STATUS, StatusReport } from './status/report';

const WELCOMED = 'welcomed';

let server: Server | undefined;

/** Exports for tests in the editor. */
export interface Api {
  server: Server;
  results: ResultsView;
  duplicates: DuplicatesView;
}

export function activate(context: ExtensionContext): Api {
  const { version } = context.extension.packageJSON as { version: string };
  const managed = new ManagedEnvironment(context.globalStorageUri.fsPath, version);
  const started: Server = new Server(() => locate(managed), {
    'fathom/showSimilar': reporting((place) => findSimilar(started, keep, place)),
    'fathom/goToMostSimilar': reporting((place) => goToMostSimilar(started, place)),
    'fathom/showCopies': reporting((place) => peekCopies(started, place)),
  });
  server = started;
  const history = new History(context.workspaceState);
  const results = new ResultsView(context.workspaceState, (question, onFirst) =>
    question.kind === 'search'
      ? askFor(started, question.input, new AbortController().signal, onFirst)
      : askSimilar(started, placeOf(question), undefined, onFirst),
  );
  const duplicates = new DuplicatesView(started);
  const report = new StatusReport(started, version);
  const keep = (list: ResultList) => void results.keep(list);
  const restart = () => started.restart();

  const handlers: Record<string, (...args: never[]) => Promise<unknown>> = {
    'fathom.search': (input?: unknown) => search(started, history, keep, typeof input === 'string' ? input : ''),
    'fathom.searchSelection': () => searchSelection(started, history, keep),
    'fathom.findSimilar': (place?: unknown) => findSimilar(started, keep, place),
    'fathom.peekSimilar': (place?: unknown) => peekSimilar(started, place),
    'fathom.keepSimilar': (place?: unknown) => keepSimilar(started, keep, place),
    'fathom.peekCopies': (place?: unknown) => peekCopies(started, place),
    'fathom.compareWithMostSimilar': (place?: unknown) => compareWithMostSimilar(started, place),
    'fathom.results.open': (hit: Hit) => results.open(hit),
    'fathom.results.compare': async (hit: Hit) => {
      if (results.compared) {
        await compare(results.compared, hit);
      }
    },
    'fathom.results.refresh': () => results.refresh(),
    'fathom.results.dismiss': async (node?: Node) => results.dismiss(node),
    'fathom.results.clear': async () => results.clear(),
    'fathom.results.next': () => results.step(1),
    'fathom.results.previous': () => results.step(-1),
    'fathom.duplicates.refresh': async () => duplicates.refresh(),
    'fathom.duplicates.compare': (node: DuplicateNode) => duplicates.compare(node),
    'fathom.menu': showMenu,
    'fathom.showStatus': () => report.show(),
    'fathom.showLog': async () => started.showLog(),
    'fathom.restartServer': restart,
    'fathom.rebuildIndex': () => started.request('fathom/reindex', {}),
    'fathom.excludeFolder': (folder?: unknown) => excludeFolder(folder),
    'fathom.installServer': async () => {
      if (await offerInstallation(managed, version, started.log)) {
        await restart();
      }
    },
    'fathom.openSettings': async () => run('workbench.action.openSettings', '@ext:fathom-lsp.fathom'),
    'fathom.openWalkthrough': async () => run('workbench.action.openWalkthrough', 'fathom-lsp.fathom#fathom.start'),
  };
  context.subscriptions.push(
    started,
    results,
    duplicates,
    new StatusItem(started),
    workspace.registerTextDocumentContentProvider(FUNCTION, new FunctionContent()),
    workspace.registerTextDocumentContentProvider(STATUS, report),
    ...Object.entries(handlers).map(([name, handler]) => commands.registerCommand(name, reporting(handler))),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('fathom.server')) {
        void reporting(restart)();
      }
    }),
  );
  if (workspace.workspaceFolders?.length) {
    // The index is built before the first search.
    started.start().catch((error: unknown) => welcome(context, error));
  }
  return { server: started, results, duplicates };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** Shows the walkthrough once if there is no server yet. Later, a missing server is reported at its first use. */
async function welcome({ globalState }: ExtensionContext, error: unknown): Promise<void> {
  if (error instanceof ServerNotFound && !globalState.get(WELCOMED)) {
    await globalState.update(WELCOMED, true);
    await run('fathom.openWalkthrough');
  }
}

async function run(command: string, ...args: unknown[]): Promise<unknown> {
  return commands.executeCommand(command, ...args);
}
