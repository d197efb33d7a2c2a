import type { Hit, Place } from '../protocol';

/** A query that can be repeated. */
export type Question =
  { kind: 'search'; input: string } | { kind: 'similar'; uri: string; line: number; character: number };

/** Kept results, best first. */
export interface ResultList {
  question: Question;
  hits: Hit[];
  /** The function that others were compared with, if any. */
  compared?: Place | undefined;
}
