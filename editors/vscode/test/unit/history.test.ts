import { describe, expect, it } from 'vitest';
import { History } from '../../src/search/history';
import { memento } from './support';

describe('History', () => {
  it('has the newest first, each once, and no empty ones', async () => {
    const history = new History(memento());
    for (const text of ['one', 'two', ' ', ' one ']) {
      await history.add(text);
    }
    expect(history.all).toEqual(['one', 'two']);
  });

  it('forgets the oldest', async () => {
    const history = new History(memento());
    for (let number = 0; number < 40; number++) {
      await history.add(String(number));
    }
    expect(history.all).toHaveLength(30);
    expect(history.all[0]).toBe('39');
  });
});
