import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { window } from './vscode.mock';
import { deferred, found, resetEditor, settle } from './support';

const languageClient = vi.hoisted(() => ({ made: [] as any[], start: async () => {} }));
vi.mock('vscode-languageclient/node', () => ({
  RevealOutputChannelOn: { Never: 4 },
  State: { Stopped: 1, Running: 2 },
  CloseAction: { DoNotRestart: 1, Restart: 2 },
  ProgressType: class {},
  LanguageClient: class {
    sendRequest = vi.fn();
    dispose = vi.fn(async () => {});
    usual = { error: vi.fn(() => 'usual error'), closed: vi.fn(() => 'usual end') };
    createDefaultErrorHandler = () => this.usual;
    features = [] as any[];
    notified = new Map<string, (params: unknown) => void>();
    stateChanged!: (event: { newState: number }) => void;
    listening = { dispose: vi.fn() };
    onProgress = vi.fn((_type: unknown, _token: string, _handler: (value: unknown) => void) => this.listening);
    constructor(
      readonly id: string,
      readonly name: string,
      readonly server: { command: string },
      readonly options: any,
    ) {
      languageClient.made.push(this);
    }
    registerFeature(feature: unknown) {
      this.features.push(feature);
    }
    onNotification(method: string, handler: (params: unknown) => void) {
      this.notified.set(method, handler);
    }
    onDidChangeState(handler: (event: { newState: number }) => void) {
      this.stateChanged = handler;
    }
    start() {
      return languageClient.start();
    }
  },
}));

const { Server, SILENCE_MS } = await import('../../src/server/client');

const locate = async () => '/bin/fathom-lsp';
const ask = { query: 'words' };
const never = new AbortController().signal;

describe('Server', () => {
  beforeEach(() => {
    resetEditor();
    languageClient.made.length = 0;
    languageClient.start = async () => {};
  });

  it('starts the configured command, once for all requests', async () => {
    const server = new Server(locate);
    await Promise.all([server.start(), server.request('fathom/search', ask, never)]);
    expect(languageClient.made).toHaveLength(1);
    expect(languageClient.made[0].server.command).toBe('/bin/fathom-lsp');
  });

  it('tries again after a start that failed', async () => {
    languageClient.start = async () => {
      throw new Error('no handshake');
    };
    const server = new Server(locate);
    await expect(server.request('fathom/search', ask, never)).rejects.toThrow('no handshake');
    languageClient.start = async () => {};
    await server.start();
    expect(languageClient.made).toHaveLength(2);
  });

  it('passes on the answer', async () => {
    const server = new Server(locate);
    await server.start();
    languageClient.made[0].sendRequest.mockResolvedValue(found());
    expect(await server.request('fathom/search', ask, never)).toEqual(found());
    expect(languageClient.made[0].sendRequest.mock.calls[0].slice(0, 2)).toEqual(['fathom/search', ask]);
  });

  it('cancels the request when it is aborted', async () => {
    const server = new Server(locate);
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
    const server = new Server(locate);
    const controller = new AbortController();
    const request = server.request('fathom/search', ask, controller.signal);
    controller.abort();
    start.resolve();
    await expect(request).rejects.toThrow();
    expect(languageClient.made[0].sendRequest).not.toHaveBeenCalled();
  });

  it('restarts: the old client goes, a new one comes', async () => {
    const server = new Server(locate);
    await server.start();
    await server.restart();
    expect(languageClient.made).toHaveLength(2);
    expect(languageClient.made[0].dispose).toHaveBeenCalledOnce();
    expect(languageClient.made[1].dispose).not.toHaveBeenCalled();
  });

  it('restarts and stops also when the server never ran', async () => {
    const answers = [Promise.reject(new Error('no server')), Promise.resolve('/bin/fathom-lsp')];
    const server = new Server(() => answers.shift()!);
    const failed = server.start();
    await server.stop();
    await expect(failed).rejects.toThrow('no server');
    await server.restart();
    expect(languageClient.made).toHaveLength(1);
  });

  describe('that never answers', () => {
    const silent = deferred<void>();
    let server: InstanceType<typeof Server>;
    const lives: string[] = [];

    beforeEach(() => {
      vi.useFakeTimers();
      window.showErrorMessage.mockReset();
      languageClient.start = () => silent.promise;
      lives.length = 0;
      server = new Server(locate);
      server.onLife((life) => lives.push(life));
    });
    afterEach(() => void vi.useRealTimers());

    it('is told of after some seconds, with what can be done about it', async () => {
      void server.start().catch(() => {});
      await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
      expect(lives).toEqual(['starting']);
      await vi.advanceTimersByTimeAsync(1);
      expect(lives).toEqual(['starting', 'silent']);
      const [text, ...remedies] = window.showErrorMessage.mock.calls[0]! as unknown as [string, ...{ title: string }[]];
      expect(text).toContain('does not answer');
      expect(remedies.map(({ title }) => title)).toEqual(['Show Logs', 'Restart Server']);
    });

    it('is not told of when it answers in time, or was given up', async () => {
      languageClient.start = async () => {};
      await server.start();
      await server.stop();
      languageClient.start = () => silent.promise;
      void server.start().catch(() => {});
      await vi.advanceTimersByTimeAsync(1);
      await server.stop();
      await vi.advanceTimersByTimeAsync(2 * SILENCE_MS);
      expect(window.showErrorMessage).not.toHaveBeenCalled();
    });

    it('is ended by a restart, and pending requests fail', async () => {
      const request = server.request('fathom/search', ask, never);
      await vi.advanceTimersByTimeAsync(1);
      const refused = expect(request).rejects.toThrow('the server was stopped');
      languageClient.start = async () => {};
      await server.restart();
      await refused;
      const [old, made] = languageClient.made;
      expect(old.dispose).toHaveBeenCalledOnce();
      made.sendRequest.mockResolvedValue(found());
      expect(await server.request('fathom/search', ask, never)).toEqual(found());
      // The end of the old one is no event of the new one's life, nor is the old one started again.
      lives.length = 0;
      old.stateChanged({ newState: 1 });
      expect(lives).toEqual([]);
      expect(old.options.errorHandler.closed()).toEqual({ action: 1, handled: true });
      expect(made.options.errorHandler.closed()).toBe('usual end');
      expect(made.options.errorHandler.error()).toBe('usual error');
    });

    it('is not started at all when it was given up while it was looked for', async () => {
      const place = deferred<string>();
      const slow = new Server(() => place.promise);
      const started = slow.start();
      await slow.stop();
      place.resolve('/bin/fathom-lsp');
      await expect(started).rejects.toThrow('the server was stopped');
      expect(languageClient.made).toHaveLength(0);
    });
  });

  it('gives the first order to who asks, and stops to listen after', async () => {
    const server = new Server(locate);
    await server.start();
    const [client] = languageClient.made;
    client.sendRequest.mockResolvedValue(found());
    const onFirst = vi.fn();
    await server.ask('fathom/search', ask, never, onFirst);
    const [, token, handler] = client.onProgress.mock.calls[0];
    expect(client.sendRequest.mock.calls[0][1]).toEqual({ ...ask, partialResultToken: token });
    expect(handler).toBe(onFirst);
    expect(client.listening.dispose).toHaveBeenCalledOnce();
  });

  it('asks for the notification of health, and passes it on', async () => {
    const server = new Server(locate);
    const healths: unknown[] = [];
    server.onHealth((health) => healths.push(health));
    await server.start();
    const [client] = languageClient.made;
    const capabilities = { experimental: { other: 1 } };
    client.features[0].fillClientCapabilities(capabilities);
    expect(capabilities).toEqual({ experimental: { other: 1, fathomStatus: true } });
    client.notified.get('fathom/status')('fine');
    expect(healths).toEqual(['fine']);
  });

  it('tells of its life and of progress', async () => {
    const server = new Server(locate);
    const events: unknown[] = [];
    server.onLife((life) => events.push(life));
    server.onProgress((text) => events.push(text));
    await server.start();
    const [client] = languageClient.made;
    const { handleWorkDoneProgress } = client.options.middleware;
    const next = vi.fn();
    client.stateChanged({ newState: 2 });
    handleWorkDoneProgress('token', { kind: 'report', message: 'reading files 3/4' }, next);
    handleWorkDoneProgress('token', { kind: 'end' }, next);
    client.stateChanged({ newState: 1 });
    expect(events).toEqual(['starting', 'running', 'reading files 3/4', undefined, undefined, 'stopped']);
    expect(next).toHaveBeenCalledTimes(2);
  });

  it('runs commands of the server here where it can', async () => {
    const mine = vi.fn(async () => 'mine');
    const next = vi.fn(async () => 'the server');
    await new Server(locate, { 'fathom/showSimilar': mine }).start();
    const { executeCommand } = languageClient.made[0].options.middleware;
    expect(await executeCommand('fathom/showSimilar', ['place'], next)).toBe('mine');
    expect(mine).toHaveBeenCalledWith('place');
    expect(await executeCommand('fathom/other', [], next)).toBe('the server');
  });
});
