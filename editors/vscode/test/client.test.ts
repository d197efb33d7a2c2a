import { beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration } from './vscode.mock';
import { deferred, found, resetEditor, settle } from './support';

const languageClient = vi.hoisted(() => ({ made: [] as any[], start: async () => {} }));
vi.mock('vscode-languageclient/node', () => ({
  RevealOutputChannelOn: { Never: 4 },
  LanguageClient: class {
    sendRequest = vi.fn();
    dispose = vi.fn(async () => {});
    constructor(
      readonly id: string,
      readonly name: string,
      readonly server: { command: string },
    ) {
      languageClient.made.push(this);
    }
    start() {
      return languageClient.start();
    }
  },
}));

const { Server } = await import('../src/client');
const { ServerNotFound } = await import('../src/errors');

const ask = { query: 'words' };
const never = new AbortController().signal;

describe('Server', () => {
  beforeEach(() => {
    resetEditor();
    languageClient.made.length = 0;
    languageClient.start = async () => {};
    // Something that is there and can be run; the client is a fake and does not run it.
    configuration.set('fathom.server.path', process.execPath);
  });

  it('starts the configured command, once for all requests', async () => {
    const server = new Server();
    await Promise.all([server.start(), server.request('fathom/search', ask, never)]);
    expect(languageClient.made).toHaveLength(1);
    expect(languageClient.made[0].server.command).toBe(process.execPath);
  });

  it('says that the configured command is missing', async () => {
    configuration.set('fathom.server.path', '/nowhere/fathom-lsp');
    const failure = await new Server().start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServerNotFound);
    expect(String(failure)).toContain('/nowhere/fathom-lsp');
  });

  it('says how to install a server that is not on the PATH, and tries again later', async () => {
    configuration.clear();
    vi.stubEnv('PATH', '');
    const server = new Server();
    await expect(server.start()).rejects.toThrow('pipx install fathom-lsp');
    vi.unstubAllEnvs();
    configuration.set('fathom.server.path', process.execPath);
    await server.start();
    expect(languageClient.made).toHaveLength(1);
  });

  it('tries again after a start that failed', async () => {
    languageClient.start = async () => {
      throw new Error('no handshake');
    };
    const server = new Server();
    await expect(server.request('fathom/search', ask, never)).rejects.toThrow('no handshake');
    languageClient.start = async () => {};
    await server.start();
    expect(languageClient.made).toHaveLength(2);
  });

  it('passes on the answer', async () => {
    const server = new Server();
    await server.start();
    languageClient.made[0].sendRequest.mockResolvedValue(found());
    expect(await server.request('fathom/search', ask, never)).toEqual(found());
    expect(languageClient.made[0].sendRequest.mock.calls[0].slice(0, 2)).toEqual(['fathom/search', ask]);
  });

  it('cancels the request when it is aborted', async () => {
    const server = new Server();
    await server.start();
    languageClient.made[0].sendRequest.mockReturnValue(deferred().promise);
    const controller = new AbortController();
    void server.request('fathom/search', ask, controller.signal);
    await settle();
    const token = languageClient.made[0].sendRequest.mock.calls[0][2];
    expect(token.isCancellationRequested).toBe(false);
    controller.abort();
    expect(token.isCancellationRequested).toBe(true);
  });

  it('sends nothing when it is aborted before the server is up', async () => {
    const start = deferred<void>();
    languageClient.start = () => start.promise;
    const server = new Server();
    const controller = new AbortController();
    const request = server.request('fathom/search', ask, controller.signal);
    controller.abort();
    start.resolve();
    await expect(request).rejects.toThrow();
    expect(languageClient.made[0].sendRequest).not.toHaveBeenCalled();
  });

  it('restarts: the old client goes, a new one comes', async () => {
    const server = new Server();
    await server.start();
    await server.restart();
    expect(languageClient.made).toHaveLength(2);
    expect(languageClient.made[0].dispose).toHaveBeenCalledOnce();
    expect(languageClient.made[1].dispose).not.toHaveBeenCalled();
  });

  it('restarts and stops also when the server never ran', async () => {
    configuration.set('fathom.server.path', '/nowhere/fathom-lsp');
    const server = new Server();
    const failed = server.start();
    await server.stop();
    await expect(failed).rejects.toThrow();
    configuration.set('fathom.server.path', process.execPath);
    await server.restart();
    expect(languageClient.made).toHaveLength(1);
  });
});
