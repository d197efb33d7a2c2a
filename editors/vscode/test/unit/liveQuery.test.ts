import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveQuery } from '../../src/search/liveQuery';
import { deferred, settle } from './support';

describe('LiveQuery', () => {
  let questions: {
    text: string;
    signal: AbortSignal;
    first: (answer: string) => void;
    answer: ReturnType<typeof deferred<string>>;
  }[];
  let events: string[];
  let query: LiveQuery<string>;

  beforeEach(() => {
    vi.useFakeTimers();
    questions = [];
    events = [];
    query = new LiveQuery<string>(
      (text, signal, first) => {
        const answer = deferred<string>();
        questions.push({ text, signal, first, answer });
        return answer.promise;
      },
      {
        onEmpty: () => events.push('empty'),
        onAsked: () => events.push('asked'),
        onFirst: (answer) => events.push(`first ${answer}`),
        onAnswered: (answer) => events.push(`answer ${answer}`),
        onFailed: (error) => events.push(`failure ${error}`),
      },
      150,
    );
  });
  afterEach(() => void vi.useRealTimers());

  const asked = () => questions.map(({ text }) => text);

  it('asks once the user has paused', () => {
    query.update('r');
    vi.advanceTimersByTime(149);
    query.update('re');
    vi.advanceTimersByTime(149);
    expect(asked()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(asked()).toEqual(['re']);
  });

  it('aborts the question before, and drops its answer when it comes all the same', async () => {
    query.update('first');
    vi.advanceTimersByTime(150);
    query.update('second');
    expect(questions[0]!.signal.aborted).toBe(true);
    vi.advanceTimersByTime(150);
    questions[1]!.answer.resolve('two');
    await settle();
    questions[0]!.answer.resolve('one');
    await settle();
    expect(events).toEqual(['asked', 'asked', 'answer two']);
  });

  it('keeps quiet about the failure of a question that was aborted', async () => {
    query.update('first');
    vi.advanceTimersByTime(150);
    query.update('second');
    questions[0]!.answer.reject('cancelled');
    await settle();
    expect(events).toEqual(['asked']);
  });

  it('reports a failure and can be used again', async () => {
    query.update('first');
    vi.advanceTimersByTime(150);
    questions[0]!.answer.reject('broken');
    await settle();
    query.update('second');
    vi.advanceTimersByTime(150);
    questions[1]!.answer.resolve('two');
    await settle();
    expect(events).toEqual(['asked', 'failure broken', 'asked', 'answer two']);
  });

  it('does not ask again for the same words', () => {
    query.update('words');
    vi.advanceTimersByTime(150);
    query.update('words ');
    vi.advanceTimersByTime(150);
    expect(asked()).toEqual(['words']);
    expect(questions[0]!.signal.aborted).toBe(false);
  });

  it('asks nothing when there is nothing, and gives up what was under way', () => {
    query.update('words');
    vi.advanceTimersByTime(150);
    query.update('  ');
    vi.advanceTimersByTime(150);
    expect(asked()).toEqual(['words']);
    expect(questions[0]!.signal.aborted).toBe(true);
    expect(events).toEqual(['asked', 'empty']);
  });

  it('is silent after cancel', async () => {
    query.update('first');
    query.cancel();
    vi.advanceTimersByTime(150);
    expect(asked()).toEqual([]);
  });

  it('passes on a first answer, but none to a question that was overtaken', async () => {
    query.update('one');
    vi.advanceTimersByTime(150);
    questions[0]!.first('a');
    questions[0]!.answer.resolve('b');
    await settle();
    query.update('two');
    questions[0]!.first('late');
    expect(events).toEqual(['asked', 'first a', 'answer b']);
  });
});
