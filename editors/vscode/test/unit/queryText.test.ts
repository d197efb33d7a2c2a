import { describe, expect, it } from 'vitest';
import { parseQuery, valuesOf, withValues } from '../../src/search/queryText';

describe('parseQuery', () => {
  it('leaves words alone', () => {
    expect(parseQuery('  retry with  a delay ')).toEqual({ query: 'retry with a delay', filters: {} });
  });

  it('takes filters out of the words, wherever they stand', () => {
    expect(parseQuery('lang:python retry in:src/net kind:method a call -in:vendor lang:go')).toEqual({
      query: 'retry a call',
      filters: { paths: ['src/net', '!vendor'], languages: ['python', 'go'], kinds: ['method'] },
    });
  });

  it('takes a folder with blanks in quotes', () => {
    expect(parseQuery('x in:"my code"')).toEqual({ query: 'x', filters: { paths: ['my code'] } });
  });

  it.each(['kind: of error', 'std::in:out', 'kind:cake', 'tests:yes', '-lang:go', 'lang:""', 'login:admin'])(
    'takes %j for words',
    (input) => expect(parseQuery(input)).toEqual({ query: input, filters: {} }),
  );

  it('leaves out tests by the names of their folders and files', () => {
    const { query, filters } = parseQuery('parse tests:no');
    expect(query).toBe('parse');
    expect(filters.paths).toEqual(expect.arrayContaining(['!tests/', '!test_*', '!*.spec.*']));
    expect(filters.paths!.every((path) => path.startsWith('!'))).toBe(true);
  });
});

describe('the values of a term', () => {
  it('are read', () => {
    expect(valuesOf('a lang:go in:x lang:"c sharp" -in:y', 'lang')).toEqual(['go', 'c sharp']);
    expect(valuesOf('a -in:y', 'in')).toEqual([]);
  });

  it('are replaced, with all else kept', () => {
    expect(withValues('a lang:go b -in:y', 'lang', ['ruby', 'c sharp'])).toBe('a b -in:y lang:ruby lang:"c sharp"');
    expect(withValues('a in:x -in:y', 'in', [])).toBe('a -in:y');
  });
});
