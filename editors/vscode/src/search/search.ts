import { l10n, ThemeIcon, window } from 'vscode';
import { errorText, reportError } from '../errors';
import type { SearchResult } from '../protocol';
import type { ResultItem } from '../results/items';
import { ResultPick } from '../results/resultPick';
import type { ResultList } from '../results/list';
import type { Server } from '../server/client';
import { searchLimit } from '../settings';
import { filterButtons } from './filterButtons';
import type { History } from './history';
import { LiveQuery } from './liveQuery';
import { parseQuery } from './queryText';

/** The largest part of a selection that is used as a query. */
const LONGEST_SELECTION = 2000;

/** Opens the search box, which searches while the user types. `keep` receives the results to keep. */
export async function search(
  server: Server,
  history: History,
  keep: (list: ResultList) => void,
  value = '',
): Promise<void> {
  let mayImprove = false;
  const query = new LiveQuery<SearchResult>((input, signal, onFirst) => askFor(server, input, signal, onFirst), {
    onEmpty: () => pick.showItems(pastSearches(history, pick)),
    onAsked: () => pick.setBusy(true),
    onFirst: (result) => pick.showResults(result, true),
    onAnswered: (result) => {
      mayImprove = result.indexing || result.message !== undefined;
      pick.showResults(result);
    },
    onFailed: (error) => {
      mayImprove = true;
      pick.showError(errorText(error));
    },
  });
  const pick = new ResultPick({
    title: l10n.t('Fathom: Search by Meaning'),
    placeholder: l10n.t('What does the function do? Filters: in:folder lang:python kind:method tests:no'),
    narrows: false,
    value,
    buttons: filterButtons(server, window.activeTextEditor?.document.uri),
    keep: (hits) => keep({ question: { kind: 'search', input: pick.value }, hits }),
    onType: (input) => query.update(input),
    onUsed: () => void history.add(pick.value),
    onClose: () => {
      query.cancel();
      recovery.dispose();
    },
  });
  // A query that was sent while the index was incomplete, or while an indexer was being restarted, is repeated
  // when that state has changed.
  const recovery = server.onHealth(({ health }) => {
    if (mayImprove && health === 'ok') {
      mayImprove = false;
      query.again();
    }
  });
  query.update(value);
  if (!value) {
    pick.showItems(pastSearches(history, pick));
  }
  try {
    await server.start();
  } catch (error) {
    pick.dispose();
    await reportError(error);
  }
}

/** Searches for the selected text. */
export async function searchSelection(
  server: Server,
  history: History,
  keep: (list: ResultList) => void,
): Promise<void> {
  const editor = window.activeTextEditor;
  const selected = editor?.document.getText(editor.selection) ?? '';
  await search(server, history, keep, selected.replace(/\s+/g, ' ').trim().slice(0, LONGEST_SELECTION));
}

/** The results for an input; none if it contains only filters. */
export async function askFor(
  server: Server,
  input: string,
  signal: AbortSignal,
  onFirst: (result: SearchResult) => void,
): Promise<SearchResult> {
  const { query, filters } = parseQuery(input);
  if (!query) {
    return { results: [], indexing: false, complete: true };
  }
  return server.ask('fathom/search', { query, filters, limit: searchLimit() }, signal, onFirst);
}

function pastSearches(history: History, pick: ResultPick): ResultItem[] {
  const forget = { iconPath: new ThemeIcon('close'), tooltip: l10n.t('Forget') };
  return history.all.map((input) => ({
    label: input,
    iconPath: new ThemeIcon('history'),
    alwaysShow: true,
    run: () => pick.setValue(input),
    buttons: [
      {
        ...forget,
        run: async () => {
          await history.remove(input);
          pick.showItems(pastSearches(history, pick));
        },
      },
    ],
  }));
}
