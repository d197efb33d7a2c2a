import { CancellationTokenSource, type Disposable, window } from 'vscode';
import {
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  type ServerOptions,
} from 'vscode-languageclient/node';
import { ServerNotFound } from './errors';
import { findExecutable } from './executable';
import type { Requests } from './protocol';
import { serverPath } from './settings';

const LANGUAGES = [
  'c',
  'cpp',
  'csharp',
  'elixir',
  'go',
  'haskell',
  'java',
  'javascript',
  'javascriptreact',
  'julia',
  'kotlin',
  'lua',
  'ocaml',
  'ocaml.interface',
  'php',
  'powershell',
  'python',
  'ruby',
  'rust',
  'scala',
  'shellscript',
  'swift',
  'typescript',
  'typescriptreact',
  'zig',
];

/** The language server of this window: started when first needed, asked through `request`. */
export class Server implements Disposable {
  private readonly log = window.createOutputChannel('Fathom');
  private started: Promise<LanguageClient> | undefined;

  /** Starts the server unless it is started. A failed start is tried again at the next call. */
  start(): Promise<LanguageClient> {
    const starting = (this.started ??= this.launch());
    starting.catch(() => {
      if (this.started === starting) {
        this.started = undefined;
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
  }

  /** Asks the server, starting it if need be. Aborting tells the server to give up, and rejects. */
  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    signal: AbortSignal,
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

  showLog(): void {
    this.log.show();
  }

  dispose(): void {
    this.log.dispose();
  }

  private async launch(): Promise<LanguageClient> {
    const configured = serverPath();
    const command = await findExecutable(configured || 'fathom-lsp', process.env);
    if (command === undefined) {
      throw new ServerNotFound(
        configured
          ? `There is no server at ${configured}, which the setting fathom.server.path names.`
          : 'The server fathom-lsp was not found. Install it with "pipx install fathom-lsp", or say in the settings where it is.',
      );
    }
    const server: ServerOptions = { command, args: [] };
    const options: LanguageClientOptions = {
      documentSelector: ['file', 'untitled'].flatMap((scheme) => LANGUAGES.map((language) => ({ scheme, language }))),
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    };
    const client = new LanguageClient('fathom', 'Fathom', server, options);
    await client.start();
    return client;
  }
}
