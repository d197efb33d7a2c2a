import { describe, expect, it } from 'vitest';
import { messageItem, resultItem } from '../src/items';
import { hit } from './support';

describe('rows', () => {
  it('show name, place and signature, and carry the hit', () => {
    const result = hit('retry', 12);
    expect(resultItem(result, true)).toEqual({
      label: 'retry',
      description: 'src/retry.py:12',
      detail: 'def retry()',
      iconPath: { id: 'symbol-function' },
      alwaysShow: true,
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
    expect(resultItem(hit('x', 1, kind), true).iconPath).toEqual({ id: icon });
  });

  it('are named after the file when the code has no name', () => {
    expect(resultItem({ ...hit('retry'), name: '', qualifiedName: '' }, true).label).toBe('retry.py');
  });

  it('that only tell something have no hit', () => {
    expect(messageItem('No results', 'info')).toEqual({
      label: 'No results',
      iconPath: { id: 'info' },
      alwaysShow: true,
    });
  });
});
