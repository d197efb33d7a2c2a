import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration, LanguageStatusSeverity as Severity, Uri, window } from './vscode.mock';
import type { FolderStatus, Health } from '../../src/protocol';
import type { Server } from '../../src/server/client';
import { excludeFolder } from '../../src/status/exclude';
import { type Known, share, shown } from '../../src/status/item';
import { StatusReport } from '../../src/status/report';
import { editorOn, fakeServer, resetEditor } from './support';

const well: Health = { health: 'ok', quiescent: true, message: null };

const folder: FolderStatus = {
  rootUri: 'file:///project',
  state: 'ready',
  error: null,
  files: 2,
  functions: 30,
  coverage: [
    { stage: 'parse', done: 30, total: 30 },
    { stage: 'deepen', done: 29, total: 30 },
  ],
  languages: { go: 10, python: 20 },
  skipped: { large: 1 },
  skippedFiles: [{ path: 'big.py', reason: 'large' }],
  model: 'minilm',
  indexPath: '/cache/index.sqlite3',
  indexBytes: 5_400_000,
  pid: 7,
  clients: 2,
};

const known = (news: Partial<Known>): Known => ({
  life: 'running',
  progress: undefined,
  health: well,
  status: { version: '0.1.0', roots: [folder] },
  ...news,
});

describe('the status item', () => {
  it.each<[string, Partial<Known>, string, string, Severity, boolean]>([
    ['is not started', { life: 'stopped' }, 'Fathom is not started', '', Severity.Information, false],
    ['starts', { life: 'starting' }, 'Fathom is starting', '', Severity.Information, true],
    ['is silent', { life: 'silent' }, 'Fathom does not answer', 'restart the server', Severity.Warning, false],
    ['failed', { life: 'failed' }, 'Fathom is not running', 'the server could not be started', Severity.Error, false],
    ['indexes', { progress: 'embedding 3/9' }, 'Fathom is indexing', 'embedding 3/9', Severity.Information, true],
    ['is about to', { health: { ...well, quiescent: false } }, 'Fathom is indexing', '', Severity.Information, true],
    ['is ready', {}, 'Fathom is ready', '30 functions · order refined: 96 %', Severity.Information, false],
    [
      'met a problem',
      { health: { health: 'warning', quiescent: true, message: 'disk full' } },
      'Fathom has a problem',
      'disk full',
      Severity.Warning,
      false,
    ],
    [
      'lost its indexer',
      { health: { health: 'error', quiescent: false, message: 'it died' }, progress: 'reading' },
      'Fathom has a problem',
      'it died',
      Severity.Error,
      false,
    ],
  ])('%s', (_, news, text, detail, severity, busy) => {
    expect(shown(known(news))).toEqual({ text, detail, severity, busy });
  });

  it('says nothing of an order that is final, or of which nothing is known', () => {
    const done = { ...folder, coverage: [{ stage: 'deepen' as const, done: 30, total: 30 }] };
    expect(shown(known({ status: { version: '', roots: [done] } })).detail).toBe('30 functions');
    expect(shown(known({ status: undefined })).detail).toBe('');
    expect(share({ version: '', roots: [{ ...folder, coverage: [] }] }, 'deepen')).toBeUndefined();
  });
});

describe('StatusReport', () => {
  beforeEach(resetEditor);

  it('says all that is known', async () => {
    const server = { ...fakeServer(), command: '/bin/fathom-lsp' };
    const dead: FolderStatus = { rootUri: 'file:///other', state: 'dead', error: 'it died' };
    server.request.mockResolvedValue({ version: '0.1.0', roots: [folder, dead] });
    const text = await new StatusReport(server as unknown as Server, '0.2.0').provideTextDocumentContent();
    for (const part of [
      'Extension 0.2.0, VS Code 1.139.0',
      'Server 0.1.0: /bin/fathom-lsp',
      '## file:///project',
      'Found by words: 30 / 30',
      'Languages: python 20, go 10',
      'Left out: large 1',
      '/cache/index.sqlite3 (5.4 MB)',
      '- big.py: large',
      'Problem: it died',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('does not count what was found before all files were read', async () => {
    const server = { ...fakeServer(), command: '/bin/fathom-lsp' };
    const message = 'indexing is reading files 1/9; results may be missing until it is done';
    const begun = { ...folder, indexing: true, message, progress: { stage: 'parse', done: 1, total: 9 } };
    server.request.mockResolvedValue({ version: '0.1.0', roots: [begun] });
    const report = new StatusReport(server as unknown as Server, '0.2.0');
    const text = await report.provideTextDocumentContent();
    expect(text).toContain(`- ${message}`);
    expect(text).not.toContain('Found by words');
    server.request.mockResolvedValue({
      version: '',
      roots: [{ ...begun, progress: { ...begun.progress, stage: 'embed' } }],
    });
    expect(await report.provideTextDocumentContent()).toContain('Found by words: 30 / 30');
  });

  it('says why there is no server', async () => {
    const server = fakeServer();
    server.request.mockRejectedValue(new Error('not installed'));
    const text = await new StatusReport(server as unknown as Server, '0.2.0').provideTextDocumentContent();
    expect(text).toContain('Server: not installed');
  });
});

describe('excludeFolder', () => {
  beforeEach(resetEditor);
  afterEach(() => void vi.restoreAllMocks());

  it('leaves out the folder that was clicked on, once', async () => {
    configuration.set('fathom.exclude', ['/old/']);
    await excludeFolder(Uri.parse('file:///project/src/vendor'));
    await excludeFolder(Uri.parse('file:///project/src/vendor'));
    expect(configuration.get('fathom.exclude')).toEqual(['/old/', '/src/vendor/']);
  });

  it('leaves out the folder of the file in the editor', async () => {
    window.activeTextEditor = editorOn('file:///project/src/[x]/a.py');
    await excludeFolder();
    expect(configuration.get('fathom.exclude')).toEqual(['/src/\\[x\\]/']);
  });

  it('does not leave out everything, nor what is elsewhere', async () => {
    await expect(excludeFolder(Uri.parse('file:///project'))).rejects.toThrow('Choose a folder inside');
    await expect(excludeFolder(Uri.parse('file:///elsewhere/x'))).rejects.toThrow('Choose a folder inside');
    await expect(excludeFolder()).rejects.toThrow('Choose a folder inside');
  });
});
