/** Receives the state of a live query. */
export interface LiveQueryListener<T> {
  /** The query is empty. */
  onEmpty(): void;
  /** The user has paused, and the query was sent. */
  onAsked(): void;
  /** Preliminary results. */
  onFirst(answer: T): void;
  onAnswered(answer: T): void;
  onFailed(error: unknown): void;
}

/**
 * Milliseconds without a keystroke before a query is sent. Shorter than the time between two keystrokes: cancelling an
 * outdated query costs the server little, while every user waits for a longer delay.
 */
const PAUSE_MS = 50;

/**
 * Searches while the user types: waits for a pause, cancels the previous query, and passes on the answer to the
 * newest query only.
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

  /** Takes the current text of the input box. */
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

  /** Repeats the query at once. */
  again(): void {
    if (this.text) {
      this.cancel();
      this.current = new AbortController();
      void this.send(this.text, this.current.signal);
    }
  }

  /** Cancels the query. Nothing is reported afterwards. */
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
