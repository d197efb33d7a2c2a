import type { Filters } from '../protocol';

/** Filters in the text of the input: `in:src/net -in:vendor lang:python kind:method tests:no`. */
export type TermName = 'in' | 'lang' | 'kind' | 'tests';

export const KINDS = [
  'function',
  'method',
  'constructor',
  'closure',
  'macro',
  'class',
  'interface',
  'struct',
  'enum',
  'trait',
  'object',
  'namespace',
  'type',
  'module',
];

/** Paths of tests, by the conventions of many languages. */
const TESTS = [
  'test/',
  'tests/',
  'testing/',
  '__tests__/',
  'spec/',
  'specs/',
  'testdata/',
  'fixtures/',
  'e2e/',
  'test_*',
  'conftest.py',
  '*_test.*',
  '*_spec.*',
  '*.test.*',
  '*.spec.*',
  '*Test.*',
  '*Tests.*',
  '*Spec.*',
];

const TERM = /(?:^|(?<=\s))(-?)(in|lang|kind|tests):("[^"]*"|\S+)(?=\s|$)/g;

/** The words of an input, and its filters. */
export function parseQuery(input: string): { query: string; filters: Filters } {
  const paths: string[] = [];
  const languages: string[] = [];
  const kinds: string[] = [];
  const query = input.replace(TERM, (term, minus: string, name: TermName, quoted: string) => {
    const value = quoted.replace(/^"|"$/g, '');
    if (name === 'in') {
      paths.push(`${minus && '!'}${value}`);
    } else if (minus || value === '') {
      return term;
    } else if (name === 'lang') {
      languages.push(value);
    } else if (name === 'kind' && KINDS.includes(value)) {
      kinds.push(value);
    } else if (name === 'tests' && value === 'no') {
      paths.push(...TESTS.map((pattern) => `!${pattern}`));
    } else {
      // Not a filter of ours: part of the query text.
      return term;
    }
    return ' ';
  });
  return {
    query: query.trim().replace(/\s+/g, ' '),
    filters: {
      ...(paths.length ? { paths } : {}),
      ...(languages.length ? { languages } : {}),
      ...(kinds.length ? { kinds } : {}),
    },
  };
}

/** The values of one filter in an input, such as its languages. */
export function valuesOf(input: string, name: TermName): string[] {
  return [...input.matchAll(TERM)]
    .filter(([, minus, found]) => found === name && !minus)
    .map(([, , , value]) => value!.replace(/^"|"$/g, ''));
}

/** The input with the values of a filter replaced; filters are at its end. */
export function withValues(input: string, name: TermName, values: string[]): string {
  const rest = input
    .replace(TERM, (term, minus: string, found: string) => (found === name && !minus ? '' : term))
    .trim()
    .replace(/\s+/g, ' ');
  const terms = values.map((value) => `${name}:${/\s/.test(value) ? `"${value}"` : value}`);
  return [rest, ...terms].filter(Boolean).join(' ');
}
