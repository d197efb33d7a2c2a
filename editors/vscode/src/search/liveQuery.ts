/** Where a live query says how it stands. */
export interface LiveQueryListener<T> {
  /** There is nothing to ask. */
  onEmpty(): void;
  /** The user has paused, and the question was sent. */
  onAsked(): void;
  /** An answer that another one will follow. */
  onFirst(answer: T): void;
  onAnswered(answer: T): void;
  onFailed(error: unknown): void;
}

/**
 * Milliseconds without a key after which a question is sent. Shorter than the time between two keys: a question that
 * is overtaken is cancelled and costs the server little, while a long pause is waited for by everybody.
 */
const PAUSE_MS = 50;

/**
 * Asks again while the user types: waits for a pause, cancels the question before, and passes on the answer to the
 * newest question only.
 */
export class LiveQuery<T> {
  private text = '';
  private pause: NodeJS.Timeout | undefined;
  private current = new AbortController();

  constructor(
    private readonly ask: (text: string, signal: AbortSignal, onFirst: (answer: T) => void) => Promise<T>,
    private readonly listener: LiveQueryListener<T>,
    private readonly pauseMs = PAUSE_MS,
  ) {}

  /** Takes what is in the input box now. */
  update(input: string): void {
    const text = input.trim();
    if (text === this.text) {
      return;
    }
    this.cancel();
    this.text = text;
    if (text === '') {
      this.listener.onEmpty();
      return;
    }
    this.current = new AbortController();
    const { signal } = this.current;
    this.pause = setTimeout(() => void this.send(text, signal), this.pauseMs);
  }

  /** Asks the same again at once. */
  again(): void {
    if (this.text) {
      this.cancel();
      this.current = new AbortController();
      void this.send(this.text, this.current.signal);
    }
  }

  /** Gives up what is under way; nothing is reported any more. */
  cancel(): void {
    clearTimeout(this.pause);
    this.current.abort();
  }

  private async send(text: string, signal: AbortSignal): Promise<void> {
    this.listener.onAsked();
    try {
      const answer = await this.ask(text, signal, (first) => {
        if (!signal.aborted) {
          this.listener.onFirst(first);
        }
      });
      if (!signal.aborted) {
        this.listener.onAnswered(answer);
      }
    } catch (error) {
      if (!signal.aborted) {
        this.listener.onFailed(error);
      }
    }
  }
}
