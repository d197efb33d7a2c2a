import { CancellationTokenSource, type Disposable, EventEmitter, window } from 'vscode';
import {
  LanguageClient,
  type LanguageClientOptions,
  ProgressType,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
} from 'vscode-languageclient/node';
import type { Health, StreamedMethod, Requests, SearchResult } from '../protocol';
import { SELECTOR } from './languages';

/** What the server's commands, which code actions and lenses run, do here. */
export type Commands = Record<string, (place: unknown) => Promise<unknown>>;

/** How the server fares, as a status item shows it. */
export type Life = 'stopped' | 'starting' | 'running' | 'failed';

/** Tells the server that it shall send how its indexers fare. */
const WANTS_STATUS: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), fathomStatus: true };
  },
  initialize: () => {},
  getState: () => ({ kind: 'static' }),
  clear: () => {},
};

const PARTIAL_RESULT = new ProgressType<SearchResult>();

/** The language server of this window: started when first needed, asked through `request`. */
export class Server implements Disposable {
  readonly log = window.createOutputChannel('Fathom');
  /** The command that was started last. */
  command: string | undefined;
  private readonly lifeChanged = new EventEmitter<Life>();
  private readonly healthChanged = new EventEmitter<Health>();
  private readonly progressed = new EventEmitter<string | undefined>();
  readonly onLife = this.lifeChanged.event;
  readonly onHealth = this.healthChanged.event;
  /** What indexing does, in words; undefined when it is done. */
  readonly onProgress = this.progressed.event;
  private started: Promise<LanguageClient> | undefined;
  private tokens = 0;

  /** `locate` gives the command to start. It rejects with a message for the user. */
  constructor(
    private readonly locate: () => Promise<string>,
    private readonly commands: Commands = {},
  ) {}

  /** Starts the server unless it is started. A failed start is tried again at the next call. */
  start(): Promise<LanguageClient> {
    const starting = (this.started ??= this.launch());
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

  async stop(): Promise<void> {
    const started = this.started;
    this.started = undefined;
    try {
      await (await started)?.dispose();
    } catch (error) {
      // It never ran, or it is gone already.
      this.log.appendLine(String(error));
    }
    this.lifeChanged.fire('stopped');
  }

  /** Asks the server, starting it if need be. Aborting tells the server to give up, and rejects. */
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

  /** As `request`; the order that is known before the final one is given to `onFirst`, if there is one. */
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

  private async launch(): Promise<LanguageClient> {
    this.lifeChanged.fire('starting');
    this.command = await this.locate();
    const options: LanguageClientOptions = {
      documentSelector: SELECTOR,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: {
        executeCommand: (command, args: unknown[], next) => this.commands[command]?.(args[0]) ?? next(command, args),
        handleWorkDoneProgress: (token, value, next) => {
          this.progressed.fire(value.kind === 'end' ? undefined : value.message);
          next(token, value);
        },
      },
    };
    const client = new LanguageClient('fathom', 'Fathom', { command: this.command, args: [] }, options);
    client.registerFeature(WANTS_STATUS);
    client.onNotification('fathom/status', (health: Health) => this.healthChanged.fire(health));
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) {
        this.lifeChanged.fire('running');
      } else if (newState === State.Stopped) {
        this.progressed.fire(undefined);
        this.lifeChanged.fire('stopped');
      }
    });
    await client.start();
    return client;
  }
}
