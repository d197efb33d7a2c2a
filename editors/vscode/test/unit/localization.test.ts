import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BUNDLE, bundleOf, textsOf } from '../../l10n.mjs';

const { messages, others } = textsOf('src');

it('has all messages in the bundle that translators begin with (npm run l10n)', () => {
  expect(messages.length).toBeGreaterThan(50);
  expect(readFileSync(BUNDLE, 'utf8')).toBe(bundleOf(messages));
});

it('says nothing to the user that cannot be translated', () => {
  const forOthers = [/^import sys/, /\.md$/];
  expect(others.filter((text) => !forOthers.some((pattern) => pattern.test(text)))).toEqual([]);
});
