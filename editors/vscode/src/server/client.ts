import { CancellationTokenSource, type Disposable, EventEmitter, l10n, window } from 'vscode';
import {
  CloseAction,
  type ErrorHandler,
  LanguageClient,
  type LanguageClientOptions,
  ProgressType,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
} from 'vscode-languageclient/node';
import { reportError } from '../errors';
import type { Health, StreamedMethod, Requests, SearchResult } from '../protocol';
import { SELECTOR } from './languages';

/** Implementations of the server's commands, which code actions and lenses execute. */
export type Commands = Record<string, (place: unknown) => Promise<unknown>>;

/** The state of the server, as a status item shows it. */
export type Life = 'stopped' | 'starting' | 'silent' | 'running' | 'failed';

/** Milliseconds without an answer before the user gets a message. A loaded machine may need some seconds. */
export const SILENCE_MS = 15_000;

/** Sets the capability `fathomStatus`, so that the server sends the state of its indexers. */
const WANTS_STATUS: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), fathomStatus: true };
  },
  initialize: () => {},
  getState: () => ({ kind: 'static' }),
  clear: () => {},
};

const PARTIAL_RESULT = new ProgressType<SearchResult>();

/** The language server of this window. Started at its first use. */
export class Server implements Disposable {
  readonly log = window.createOutputChannel('Fathom');
  /** The command that was started last. */
  command: string | undefined;
  private readonly lifeChanged = new EventEmitter<Life>();
  private readonly healthChanged = new EventEmitter<Health>();
  private readonly progressed = new EventEmitter<string | undefined>();
  readonly onLife = this.lifeChanged.event;
  readonly onHealth = this.healthChanged.event;
  /** A message about the progress of indexing; undefined if it is done. */
  readonly onProgress = this.progressed.event;
  private started: Promise<LanguageClient> | undefined;
  /** Aborted when the server that was started last is stopped. */
  private current: AbortController | undefined;
  /** The client of that server, once there is one. */
  private client: LanguageClient | undefined;
  private tokens = 0;

  /** `locate` returns the command to start. It rejects with a message for the user. */
  constructor(
    private readonly locate: () => Promise<string>,
    private readonly commands: Commands = {},
  ) {}

  /** Starts the server unless it is running. After a failure, the next call tries again. */
  start(): Promise<LanguageClient> {
    const starting = (this.started ??= this.launch((this.current = new AbortController()).signal));
    starting.catch(() => {
      if (this.started === starting) {
        this.started = undefined;
        this.lifeChanged.fire('failed');
      }
    });
    return starting;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops the server, even if it never answered. Pending requests fail. */
  async stop(): Promise<void> {
    const { client } = this;
    this.started = undefined;
    this.client = undefined;
    this.current?.abort(new Error(l10n.t('the server was stopped')));
    try {
      // For a client that is still starting, this ends the server's process and then rejects.
      await client?.dispose();
    } catch (error) {
      // It never ran, or has ended already.
      this.log.appendLine(String(error));
    }
    this.lifeChanged.fire('stopped');
  }

  /** Sends a request, and starts the server if necessary. Aborting cancels the request and rejects. */
  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Requests[M]['result']> {
    const client = await this.start();
    signal.throwIfAborted();
    const cancellation = new CancellationTokenSource();
    signal.addEventListener('abort', () => cancellation.cancel(), { once: true });
    try {
      return await client.sendRequest<Requests[M]['result']>(method, params, cancellation.token);
    } finally {
      cancellation.dispose();
    }
  }

  /** As `request`. `onFirst` gets the preliminary results, if there are any. */
  async ask<M extends StreamedMethod>(
    method: M,
    params: Requests[M]['params'],
    signal: AbortSignal,
    onFirst: (result: SearchResult) => void,
  ): Promise<SearchResult> {
    const client = await this.start();
    const partialResultToken = `fathom-${++this.tokens}`;
    const listening = client.onProgress(PARTIAL_RESULT, partialResultToken, onFirst);
    try {
      return await this.request(method, { ...params, partialResultToken }, signal);
    } finally {
      listening.dispose();
    }
  }

  showLog(): void {
    this.log.show();
  }

  dispose(): void {
    this.log.dispose();
  }

  private async launch(givenUp: AbortSignal): Promise<LanguageClient> {
    this.lifeChanged.fire('starting');
    this.command = await this.locate();
    givenUp.throwIfAborted();
    const options: LanguageClientOptions = {
      documentSelector: SELECTOR,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: unlessGivenUp(givenUp, () => client.createDefaultErrorHandler()),
      middleware: {
        executeCommand: (command, args: unknown[], next) => this.commands[command]?.(args[0]) ?? next(command, args),
        handleWorkDoneProgress: (token, value, next) => {
          this.progressed.fire(value.kind === 'end' ? undefined : value.message);
          next(token, value);
        },
      },
    };
    const client: LanguageClient = new LanguageClient('fathom', 'Fathom', { command: this.command, args: [] }, options);
    client.registerFeature(WANTS_STATUS);
    this.client = client;
    client.onNotification('fathom/status', (health: Health) => this.healthChanged.fire(health));
    client.onDidChangeState(({ newState }) => {
      if (givenUp.aborted) {
        return;
      }
      if (newState === State.Running) {
        this.lifeChanged.fire('running');
      } else if (newState === State.Stopped) {
        this.progressed.fire(undefined);
        this.lifeChanged.fire('stopped');
      }
    });
    const silence = setTimeout(() => {
      this.lifeChanged.fire('silent');
      void reportError(new Error(l10n.t('the server was started, but does not answer')));
    }, SILENCE_MS);
    try {
      await Promise.race([client.start(), rejection(givenUp)]);
    } finally {
      clearTimeout(silence);
    }
    return client;
  }
}

/** Rejects when the signal is aborted. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Handles a broken connection: restarts the server, unless another client has replaced this one. */
function unlessGivenUp(givenUp: AbortSignal, usual: () => ErrorHandler): ErrorHandler {
  let handler: ErrorHandler | undefined;
  return {
    error: (...details) => (handler ??= usual()).error(...details),
    closed: () =>
      givenUp.aborted ? { action: CloseAction.DoNotRestart, handled: true } : (handler ??= usual()).closed(),
  };
}
