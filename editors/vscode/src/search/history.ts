import type { Memento } from 'vscode';

const KEY = 'searches';
const MOST = 30;

/** Previous queries in this workspace, newest first. */
export class History {
  constructor(private readonly state: Memento) {}

  get all(): string[] {
    return this.state.get<string[]>(KEY, []);
  }

  async add(input: string): Promise<void> {
    const text = input.trim();
    if (text) {
      await this.state.update(KEY, [text, ...this.all.filter((other) => other !== text)].slice(0, MOST));
    }
  }

  async remove(input: string): Promise<void> {
    await this.state.update(
      KEY,
      this.all.filter((other) => other !== input),
    );
  }
}
