import { describe, expect, it } from 'vitest';
import { ThemeIcon, Uri } from './vscode.mock';
import { messageItem, resultItem } from '../../src/results/items';
import { hit } from './support';

describe('rows', () => {
  it('show name, place and signature, and carry the hit', () => {
    const result = hit('retry', 12);
    expect(resultItem(result, true)).toEqual({
      label: '$(symbol-function) retry',
      description: 'src/retry.py:12 · 50 %',
      detail: 'def retry()',
      iconPath: ThemeIcon.File,
      resourceUri: Uri.parse('file:///project/src/retry.py'),
      alwaysShow: true,
      buttons: [],
      hit: result,
    });
  });

  it.each([
    ['method', 'symbol-method'],
    ['constructor', 'symbol-constructor'],
    ['closure', 'symbol-function'],
    ['module', 'symbol-file'],
    ['toString', 'symbol-function'],
  ])('have an icon for %s', (kind, icon) => {
    expect(resultItem(hit('x', 1, kind), true).label).toBe(`$(${icon}) x`);
  });

  it('are named after the file when the code has no name', () => {
    expect(resultItem({ ...hit('retry'), name: '', qualifiedName: '' }, true).label).toMatch(/ retry\.py$/);
  });

  it('count the copies', () => {
    const item = resultItem({ ...hit('retry'), copies: ['a.py:1', 'b.py:2'] }, true);
    expect(item.description).toBe('src/retry.py:1 · 50 % · 2 copies');
  });

  it('that only tell something have no hit', () => {
    expect(messageItem('No results', 'info')).toEqual({
      label: 'No results',
      iconPath: { id: 'info' },
      alwaysShow: true,
    });
  });
});
