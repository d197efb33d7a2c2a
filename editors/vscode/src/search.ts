import type { Server } from './client';
import { errorText, reportError } from './errors';
import { LiveQuery } from './liveQuery';
import type { SearchResult } from './protocol';
import { ResultPick } from './resultPick';
import { searchLimit } from './settings';

/** Opens the search box, which searches while the user types. */
export async function search(server: Server): Promise<void> {
  const query = new LiveQuery<SearchResult>(
    (text, signal) => server.request('fathom/search', { query: text, limit: searchLimit() }, signal),
    {
      onEmpty: () => pick.clear(),
      onAsked: () => pick.setBusy(true),
      onAnswered: (result) => pick.showResults(result),
      onFailed: (error) => pick.showError(errorText(error)),
    },
  );
  const pick = new ResultPick({
    title: 'Fathom: Search by Meaning',
    placeholder: 'What does the function do?',
    narrows: false,
    onType: (value) => query.update(value),
    onClose: () => query.cancel(),
  });
  try {
    await server.start();
  } catch (error) {
    pick.dispose();
    await reportError(error);
  }
}
