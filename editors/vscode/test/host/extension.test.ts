// The extension inside the real extension host, with the real server: what needs no eyes.

import assert from 'node:assert/strict';
import {
  type CodeAction,
  type CodeLens,
  commands,
  ConfigurationTarget,
  extensions,
  languages,
  Range,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
} from 'vscode';
import type { Api } from '../../src/extension';
import manifest from '../../package.json';

const ID = 'fathom-lsp.fathom';

let api: Api;
let first: Uri;

const file = (path: string) => Uri.joinPath(first, path);
const signal = () => new AbortController().signal;

/** The names that a search finds, best first. */
async function search(query: string): Promise<string[]> {
  const { results } = await api.server.request('fathom/search', { query, limit: 20 }, signal());
  return results.map(({ qualifiedName }) => qualifiedName);
}

/** Waits until something is so; mocha's time limit ends it. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens a file with the cursor on the line that holds a text. */
async function openAt(path: string, text: string) {
  const document = await workspace.openTextDocument(file(path));
  const at = document.positionAt(document.getText().indexOf(text));
  const editor = await window.showTextDocument(document, { selection: new Range(at, at) });
  return { document, editor, at };
}

/** A window that cannot read its file of folders when it starts does not try again before that file changes. */
async function haveFolders(): Promise<void> {
  if (!workspace.workspaceFolders?.length) {
    const list = workspace.workspaceFile!;
    await workspace.fs.writeFile(list, await workspace.fs.readFile(list));
  }
  await until(() => workspace.workspaceFolders?.length === 2);
}

async function set(name: string, value: unknown): Promise<void> {
  await workspace.getConfiguration('fathom').update(name, value, ConfigurationTarget.Workspace);
}

describe('the extension', () => {
  before(async () => {
    const extension = extensions.getExtension<Api>(ID);
    assert.ok(extension, 'it is not installed');
    api = await extension.activate();
    await haveFolders();
    first = workspace.workspaceFolders![0]!.uri;
    await until(async () => {
      const { roots } = await api.server.request('fathom/status', {});
      return roots.length === 2 && roots.every(({ indexing }) => indexing === false);
    });
  });

  it('has every command of its manifest', async () => {
    const known = new Set(await commands.getCommands());
    const missing = manifest.contributes.commands.map(({ command }) => command).filter((name) => !known.has(name));
    assert.deepEqual(missing, []);
  });

  it('finds functions of both folders by what they do', async () => {
    assert.equal((await search('make a title fit for a URL'))[0], 'slugify');
    assert.equal((await search('how long until the moon is full'))[0], 'days_to_full_moon');
  });

  it('finds what was typed and not saved, where it stands now', async () => {
    const { document } = await openAt('parcels/text.py', 'slugify');
    const edit = new WorkspaceEdit();
    edit.insert(
      document.uri,
      document.positionAt(0),
      'def brew_coffee(cups):\n    return cups * 12.5  # grams of beans\n\n\n',
    );
    await workspace.applyEdit(edit);
    assert.ok(document.isDirty);
    assert.equal((await search('how many grams of beans for coffee'))[0], 'brew_coffee');
    await commands.executeCommand('workbench.action.files.revert');
    assert.ok(!(await search('how many grams of beans for coffee')).includes('brew_coffee'));
  });

  it('finds what stands in a cell of an open notebook, and goes to it there', async () => {
    const code = (...source: string[]) => ({
      cell_type: 'code',
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    });
    const cells = [
      code('import math\n'),
      code('def tide_height(hours):\n', '    return 2 + math.sin(hours / 12.4 * 6.28)\n'),
    ];
    const metadata = { language_info: { name: 'python' } };
    const notebook = JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
    await workspace.fs.writeFile(file('tides.ipynb'), Buffer.from(notebook));
    await window.showNotebookDocument(await workspace.openNotebookDocument(file('tides.ipynb')));
    const query = 'how high the sea stands at an hour';
    await until(async () => (await search(query))[0] === 'tide_height');
    const { results } = await api.server.request('fathom/search', { query, limit: 1 }, signal());
    await openAt('parcels/text.py', 'slugify');
    await api.results.open(results[0]!);
    assert.equal(window.activeNotebookEditor?.notebook.uri.toString(), file('tides.ipynb').toString());
    assert.deepEqual([window.activeNotebookEditor.selection.start, window.activeNotebookEditor.selection.end], [1, 2]);
    await commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('keeps results in a tree by file, in which one can walk, dismiss and refresh', async () => {
    const input = 'distance between two places';
    const { results } = await api.server.request('fathom/search', { query: input, limit: 5 }, signal());
    await api.results.keep({ question: { kind: 'search', input }, hits: results });
    const files = api.results.getChildren();
    assert.deepEqual(
      files.map((node) => ('uri' in node ? node.uri : '')),
      [...new Set(results.map(({ location }) => location.uri))],
    );
    await commands.executeCommand('fathom.results.next');
    const { hits } = api.results;
    assert.equal(window.activeTextEditor?.document.uri.toString(), Uri.parse(hits[0]!.location.uri).toString());
    assert.equal(window.activeTextEditor.selection.start.line, hits[0]!.startLine - 1);
    await commands.executeCommand('fathom.results.previous');
    assert.equal(window.activeTextEditor.selection.start.line, hits.at(-1)!.startLine - 1);
    await commands.executeCommand('fathom.results.dismiss', hits[0]);
    assert.equal(api.results.hits.length, hits.length - 1);
    await commands.executeCommand('fathom.results.refresh');
    assert.ok(api.results.hits.some(({ qualifiedName }) => qualifiedName === hits[0]!.qualifiedName));
    await commands.executeCommand('fathom.results.clear');
    assert.deepEqual(api.results.getChildren(), []);
  });

  it('compares a function with the most similar one', async () => {
    await openAt('parcels/copies.py', 'def total_weight');
    await commands.executeCommand('fathom.compareWithMostSimilar');
    const tab = window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(tab instanceof TabInputTextDiff);
    const [left, right] = await Promise.all([tab.original, tab.modified].map((uri) => workspace.openTextDocument(uri)));
    assert.match(left!.getText(), /^def total_weight\(/);
    assert.match(right!.getText(), /^def whole_weight\(/);
    assert.equal(left!.languageId, 'python');
  });

  it('offers similar functions as code actions', async () => {
    const { document, at } = await openAt('parcels/copies.py', 'def total_weight');
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      new Range(at, at),
    );
    const titles = actions.map(({ title }) => title);
    assert.ok(titles.includes('Find similar functions'), titles.join());
    const go = actions.find(({ title }) => title === 'Go to the most similar function')!;
    await commands.executeCommand(go.command!.command, ...go.command!.arguments!);
    const { activeTextEditor } = window;
    assert.match(activeTextEditor!.document.lineAt(activeTextEditor!.selection.active.line).text, /def whole_weight/);
  });

  it('counts copies in lenses and reports them, where the settings ask for it', async () => {
    const { document } = await openAt('parcels/copies.py', 'def total_weight');
    await set('codeLens', true);
    await set('diagnostics', 'warning');
    await until(async () => {
      const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 5);
      return lenses.filter(({ command }) => command?.title === '1 similar').length === 2;
    });
    await until(() => languages.getDiagnostics(document.uri).length === 2);
    await set('codeLens', undefined);
    await set('diagnostics', undefined);
    await until(() => languages.getDiagnostics(document.uri).length === 0);
  });

  it('groups the copies of the workspace', async () => {
    const groups = await api.duplicates.getChildren();
    const names = groups.flatMap((group) => ('clones' in group ? group.clones.map(({ name }) => name) : []));
    assert.deepEqual(names.sort(), ['total_weight', 'whole_weight']);
  });

  it('reports its status', async () => {
    await commands.executeCommand('fathom.showStatus');
    const text = window.activeTextEditor!.document.getText();
    assert.match(text, /Found by meaning: (\d+) \/ \1\n/);
    assert.ok(text.includes(decodeURIComponent(first.toString())));
  });

  it('leaves out a folder that is excluded', async () => {
    assert.ok((await search('stopwatch that measures laps')).includes('Stopwatch'));
    await commands.executeCommand('fathom.excludeFolder', file('web'));
    assert.deepEqual(workspace.getConfiguration('fathom').get('exclude'), ['/web/']);
    // The indexer is started anew; a search that was under way then has no answer.
    const found = () => search('stopwatch that measures laps').catch(() => ['Stopwatch']);
    await until(async () => !(await found()).includes('Stopwatch'));
    await set('exclude', undefined);
  });

  it('goes on after its server was restarted', async () => {
    await commands.executeCommand('fathom.restartServer');
    await until(async () => (await search('make a title fit for a URL'))[0] === 'slugify');
  });

  it('forgets a folder that leaves the workspace', async () => {
    workspace.updateWorkspaceFolders(1, 1);
    await until(async () => !(await search('how long until the moon is full')).includes('days_to_full_moon'));
  });
});
