import type { Hit, Place } from '../protocol';

/** What was asked, so that it can be asked again. */
export type Question =
  { kind: 'search'; input: string } | { kind: 'similar'; uri: string; line: number; character: number };

/** Results that stay, best first. */
export interface ResultList {
  question: Question;
  hits: Hit[];
  /** The function that others were compared with, if one was. */
  compared?: Place | undefined;
}
