import { commands, l10n, Location, Position, Range, ThemeIcon, Uri } from 'vscode';
import { reportError, UserError } from '../errors';
import type { Hit, Place, SearchResult } from '../protocol';
import { nameOf, type RowButton } from '../results/items';
import type { Question, ResultList } from '../results/list';
import { reveal } from '../results/preview';
import { type PickButton, ResultPick } from '../results/resultPick';
import type { Server } from '../server/client';
import { searchLimit } from '../settings';
import { compare } from './compare';
import { type DocumentPlace, placeFrom } from './place';

/** The largest number of groups of copies that the server returns. */
const MOST_GROUPS = 200;

/** Lists functions similar to the one at a place, or under the cursor. */
export async function findSimilar(server: Server, keep: (list: ResultList) => void, given?: unknown): Promise<void> {
  const place = placeFrom(given);
  const request = new AbortController();
  let compared: Place | undefined;
  const pick: ResultPick = new ResultPick({
    title: l10n.t('Fathom: Similar Functions'),
    placeholder: l10n.t('Type to narrow down'),
    narrows: true,
    buttons: [peekButton(place)],
    rowButtons: (hit) => (compared ? [compareButton(pick, compared, hit)] : []),
    keep: (hits) => keep({ question: questionOf(place), hits, compared }),
    onClose: () => request.abort(),
  });
  const show = (result: SearchResult, moreFollows: boolean) => {
    compared = result.compared;
    if (compared) {
      pick.title = l10n.t('Fathom: Similar to {0}', nameOf(compared));
    }
    pick.showResults(result, moreFollows);
  };
  pick.setBusy(true);
  try {
    show(await askSimilar(server, place, request.signal, (first) => show(first, true)), false);
  } catch (error) {
    if (!request.signal.aborted) {
      pick.dispose();
      await reportError(error);
    }
  }
}

/** Shows functions similar to the one at a place, or under the cursor, in a peek view there. */
export async function peekSimilar(server: Server, given?: unknown): Promise<void> {
  const place = placeFrom(given);
  const { results } = await askSimilar(server, place);
  await peek(place, results);
}

/** Keeps functions similar to the one at a place, or under the cursor, in the results view. */
export async function keepSimilar(server: Server, keep: (list: ResultList) => void, given?: unknown): Promise<void> {
  const place = placeFrom(given);
  const { results, compared } = await askSimilar(server, place);
  keep({ question: questionOf(place), hits: results, compared });
}

/**
 * Shows the copies of the function that begins at a place, in a peek view there. If the server does not return the
 * function's group, because there are too many groups, shows the most similar functions instead.
 */
export async function peekCopies(server: Server, given?: unknown): Promise<void> {
  const place = placeFrom(given);
  const { groups } = await server.request('fathom/duplicates', { limit: MOST_GROUPS });
  const isHere = ({ location, startLine }: Place) =>
    location.uri === place.textDocument.uri && startLine === place.position.line + 1;
  const copies = groups
    .filter(({ clones }) => clones.some(isHere))
    .flatMap(({ clones }) => clones.filter((clone) => !isHere(clone)));
  await peek(place, copies.length ? copies : (await askSimilar(server, place)).results);
}

/** Shows a diff of the function at a place, or under the cursor, and the most similar one. */
export async function compareWithMostSimilar(server: Server, given?: unknown): Promise<void> {
  const place = placeFrom(given);
  const { results, compared } = await askSimilar(server, place, undefined, undefined, 1);
  if (!compared || !results[0]) {
    throw nothingSimilar(place);
  }
  await compare(compared, results[0]);
}

/** Opens the function most similar to the one at a place. */
export async function goToMostSimilar(server: Server, given?: unknown): Promise<void> {
  const place = placeFrom(given);
  const { results } = await askSimilar(server, place, undefined, undefined, 1);
  if (!results[0]) {
    throw nothingSimilar(place);
  }
  await reveal(results[0], { preview: false });
}

/** Functions similar to the one at a place. */
export function askSimilar(
  server: Server,
  { textDocument, position }: DocumentPlace,
  signal: AbortSignal = new AbortController().signal,
  onFirst: (result: SearchResult) => void = () => {},
  limit = searchLimit(),
): Promise<SearchResult> {
  return server.ask('fathom/similar', { textDocument, position, limit }, signal, onFirst);
}

/** The place of a query for similar functions. */
export function placeOf({ uri, line, character }: Extract<Question, { kind: 'similar' }>): DocumentPlace {
  return { textDocument: { uri }, position: { line, character } };
}

function questionOf({ textDocument: { uri }, position }: DocumentPlace): Question {
  return { kind: 'similar', uri, line: position.line, character: position.character };
}

function compareButton(pick: ResultPick, compared: Place, hit: Hit): RowButton {
  return {
    iconPath: new ThemeIcon('diff'),
    tooltip: l10n.t('Compare'),
    run: () => {
      pick.leave();
      void compare(compared, hit).catch(reportError);
    },
  };
}

function peekButton(place: DocumentPlace): PickButton {
  return {
    iconPath: new ThemeIcon('eye'),
    tooltip: l10n.t('Peek'),
    run: (pick) => {
      const hits = pick.leave();
      void pick
        .restore()
        .then(() => peek(place, hits))
        .catch(reportError);
    },
  };
}

async function peek({ textDocument, position }: DocumentPlace, places: Place[]): Promise<void> {
  if (!places.length) {
    throw nothingSimilar({ textDocument, position });
  }
  const locations = places.map(({ location: { uri, range } }) => {
    const { line, character } = range.start;
    return new Location(Uri.parse(uri), new Range(line, character, line, character));
  });
  const at = new Position(position.line, position.character);
  await commands.executeCommand('editor.action.peekLocations', Uri.parse(textDocument.uri), at, locations, 'peek');
}

function nothingSimilar({ position }: DocumentPlace): UserError {
  return new UserError(l10n.t('Nothing is similar to line {0}.', position.line + 1), []);
}
