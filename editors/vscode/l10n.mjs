// Collects the messages to translate: `npm run l10n` writes them into l10n/bundle.l10n.json.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

export const BUNDLE = 'l10n/bundle.l10n.json';

/** The messages of all calls of `l10n.t` in a folder, and texts of several words outside of such calls. */
export function textsOf(folder) {
  const messages = new Set();
  const others = [];

  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'l10n.t') {
      const [message, ...values] = node.arguments;
      if (!ts.isStringLiteralLike(message)) {
        throw new Error(`no literal: ${node.getText()}`);
      }
      messages.add(message.text);
      values.forEach(visit);
      return;
    }
    if ((ts.isLiteralExpression(node) || ts.isTemplateLiteralToken(node)) && /\p{L}{2} \p{L}/u.test(node.text)) {
      others.push(node.text);
    }
    ts.forEachChild(node, visit);
  };

  for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(folder, file), 'utf8');
    visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  }
  return { messages: [...messages].sort(), others };
}

/** The content of the bundle: every message maps to itself. */
export function bundleOf(messages) {
  return JSON.stringify(Object.fromEntries(messages.map((message) => [message, message])), undefined, 2) + '\n';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  mkdirSync('l10n', { recursive: true });
  writeFileSync(BUNDLE, bundleOf(textsOf('src').messages));
}
