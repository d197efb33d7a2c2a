// What a user sees of VS Code and can do in it, through a browser.

import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

/** Milliseconds that the workbench may take for anything, on a busy machine. */
const PATIENCE = 60_000;

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export class Workbench {
  private readonly browser: Browser;
  readonly page: Page;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
  }

  /** Opens a folder or a `.code-workspace` file in a fresh browser. */
  static async open(executable: string, url: string): Promise<Workbench> {
    const browser = await chromium.launch({ executablePath: executable, args: SWITCHES });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(url);
    const workbench = new Workbench(browser, page);
    await page.locator('.activitybar .action-item').first().waitFor();
    return workbench;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** The list below the input box at the top. */
  get pick(): QuickPick {
    return new QuickPick(this.page);
  }

  /** Runs a command by its title in the palette. */
  async run(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.pick.input.waitFor();
    await this.pick.input.fill(`>${title}`);
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    await row.waitFor();
    await row.click();
  }

  /** Opens a file by its name and goes to a line, from 1. */
  async openFile(name: string, line = 1): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.pick.input.fill(`${name}:${line}`);
    await this.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await this.page.waitForTimeout(300);
    await this.page.keyboard.press('Enter');
    await this.editor(name).waitFor();
  }

  /** The tab of a file in front. */
  editor(name: string): Locator {
    return this.page.locator('.tab.active').filter({ hasText: name });
  }

  /** Presses a key until something is there: the workbench drops keys while it moves the focus. */
  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path });
  }
}

export class QuickPick {
  readonly input: Locator;
  readonly rows: Locator;
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    this.input = page.locator('.quick-input-widget input');
    this.rows = page.locator('.quick-input-list .monaco-list-row');
  }

  /** What a screen reader says of each row that is on the screen, in order. */
  async labels(): Promise<string[]> {
    const rows = await this.rows.all();
    const found = await Promise.all(
      rows.map(async (row) => ({
        index: Number(await row.getAttribute('data-index')),
        label: (await row.getAttribute('aria-label')) ?? '',
      })),
    );
    return found.sort((first, second) => first.index - second.index).map(({ label }) => label);
  }

  get focused(): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row.focused');
  }
}
