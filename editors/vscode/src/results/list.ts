import type { Hit } from '../protocol';

/** What was asked, so that it can be asked again. */
export type Question =
  { kind: 'search'; input: string } | { kind: 'similar'; uri: string; line: number; character: number; name: string };

/** Results that stay, best first. */
export interface ResultList {
  question: Question;
  hits: Hit[];
}
