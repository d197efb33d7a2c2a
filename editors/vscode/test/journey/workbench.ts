// What a user sees of VS Code and can do in it, through a browser.

import { basename } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

/** Milliseconds that the workbench may take for anything, on a busy machine. */
const PATIENCE = 60_000;

/** Milliseconds without a change after which the list counts as final. */
const QUIET = 400;

/** For a browser that shows VS Code and does nothing else. */
export const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  // Containers have little shared memory.
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export class Workbench {
  readonly page: Page;
  readonly pick: QuickPick;
  /** The rows of the results view that hold functions. */
  readonly results: Locator;
  /** The lines that a preview highlights. */
  readonly highlighted: Locator;
  /** The row of the results view that is gone to. */
  readonly selectedResult: Locator;
  private readonly browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
    this.pick = new QuickPick(page);
    this.results = page.locator('.pane').filter({ hasText: 'Results' }).locator('.monaco-list-row[aria-level="2"]');
    this.selectedResult = page.locator('.pane').filter({ hasText: 'Results' }).locator('.monaco-list-row.selected');
    this.highlighted = page.locator('.view-overlays [class*="TextEditorDecorationType"]');
  }

  /** Opens VS Code in a fresh browser. */
  static async open(executablePath: string, url: string): Promise<Workbench> {
    const browser = await chromium.launch({ executablePath, args: SWITCHES });
    const page = await browser.newPage({ viewport: { width: 1000, height: 600 } });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(url);
    await page.locator('.activitybar a[aria-label="Fathom"]').waitFor();
    return new Workbench(browser, page);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Takes a picture, of the lower right corner or of everything. */
  async picture(path: string, corner?: { width: number; height: number }): Promise<void> {
    const { width, height } = this.page.viewportSize()!;
    const clip = corner && { x: width - corner.width, y: height - corner.height, ...corner };
    await this.page.screenshot({ path, animations: 'disabled', ...(clip ? { clip } : {}) });
  }

  /** Makes the side bar wider by so many pixels. */
  async widenSideBar(by: number): Promise<void> {
    const { x, y, width, height } = (await this.page.locator('.part.sidebar').boundingBox())!;
    await this.page.mouse.move(x + width, y + height / 2);
    // The edge takes the mouse a moment later.
    await this.page.locator('.monaco-sash.vertical.hover').waitFor({ state: 'attached' });
    await this.page.mouse.down();
    await this.page.mouse.move(x + width + by, y + height / 2, { steps: 5 });
    await this.page.mouse.up();
    await this.page.mouse.move(0, 0);
  }

  /** Runs a command by its title in the palette. */
  async run(title: string): Promise<void> {
    await this.openPick('F1', `>${title}`);
    await this.pick.rows.filter({ hasText: title }).first().click();
    // Out of the way, or what is below it shows a hover.
    await this.page.mouse.move(0, 0);
  }

  /** Opens one of VS Code's own lists and fills in its input. A list that was there before closes first. */
  private async openPick(key: string, text: string): Promise<void> {
    await this.pick.input.waitFor({ state: 'hidden' });
    await this.page.keyboard.press(key);
    await this.pick.input.fill(text);
  }

  /** Opens the search box. */
  async search(): Promise<void> {
    await this.run('Fathom: Search by Meaning');
    await this.page.locator('.quick-input-title').filter({ hasText: 'Fathom: Search by Meaning' }).waitFor();
  }

  /** Opens a file by its name, at a line from 1. */
  async openFile(name: string, line = 1): Promise<void> {
    await this.openPick('Control+P', `${name}:${line}`);
    await this.pick.rows.filter({ hasText: name }).first().click();
    await this.page.mouse.move(0, 0);
    await this.editor(name).waitFor();
    await this.cursorAt(line);
    // Keys that come before the focus would be lost.
    await this.page.locator('.editor-group-container.active .monaco-editor.focused').waitFor();
  }

  /** Chooses a file in VS Code's own dialog. That passes over what is typed while it looks at folders. */
  async chooseFile(path: string): Promise<void> {
    for (let attempt = 0; attempt < 20 && (attempt === 0 || (await this.pick.input.isVisible())); attempt++) {
      await this.pick.input.fill(path);
      await this.pick.rows
        .filter({ hasText: basename(path) })
        .first()
        .waitFor();
      await this.page.keyboard.press('Enter');
      try {
        await this.pick.input.waitFor({ state: 'hidden', timeout: 3000 });
        return;
      } catch {
        // Once more.
      }
    }
  }

  /** The tab in front, by its title. */
  editor(title: string): Locator {
    return this.page.locator('.tab.active').filter({ hasText: title });
  }

  /** Waits until the cursor is at a line. */
  async cursorAt(line: number): Promise<void> {
    await this.page
      .locator('#status\\.editor\\.selection')
      .filter({ hasText: `Ln ${line},` })
      .waitFor();
  }

  /** Waits until the language status says something. */
  async languageStatus(text: RegExp): Promise<void> {
    await this.page.locator('#status\\.languageStatus').getByLabel(text).first().waitFor();
  }

  /** Waits until a row of the list matches. */
  async rows(text: RegExp): Promise<void> {
    await this.pick.rows.filter({ hasText: text }).first().waitFor();
  }

  /** Waits until the list neither works nor changes any more. */
  async quiet(): Promise<void> {
    await this.page.evaluate(
      (quiet) =>
        new Promise<void>((resolve) => {
          const widget = document.querySelector('.quick-input-widget')!;
          const wait = () =>
            setTimeout(() => (widget.querySelector('.monaco-progress-container.active') ? restart() : done()), quiet);
          let timer = wait();
          const restart = () => {
            clearTimeout(timer);
            timer = wait();
          };
          const observer = new MutationObserver(restart);
          const done = () => {
            observer.disconnect();
            resolve();
          };
          observer.observe(widget, { subtree: true, childList: true, characterData: true });
        }),
      QUIET,
    );
  }

  /**
   * Presses a key in the search box and gives the milliseconds until other rows are there; undefined when the answer
   * has the rows of before. Names, places and percentages tell rows apart: the letters that VS Code marks in them change
   * before there is an answer.
   */
  async timeToRows(key: string): Promise<number | undefined> {
    const watch = await this.page.evaluateHandle(() => {
      const list = document.querySelector('.quick-input-list')!;
      const rows = () =>
        [...list.querySelectorAll('.monaco-list-row')].map((row) => row.getAttribute('aria-label')).join('\n');
      const before = rows();
      const watch: { time?: number } = {};
      let pressed: number | undefined;
      document.addEventListener('keydown', () => (pressed = performance.now()), { capture: true, once: true });
      const observer = new MutationObserver(() => {
        if (pressed !== undefined && rows() !== before) {
          watch.time = performance.now() - pressed;
          observer.disconnect();
        }
      });
      observer.observe(list, { subtree: true, childList: true, attributes: true });
      return watch;
    });
    await this.page.keyboard.press(key);
    await this.quiet();
    return (await watch.jsonValue()).time;
  }
}

/** The list below the input box at the top. */
export class QuickPick {
  readonly input: Locator;
  readonly rows: Locator;
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    this.input = page.locator('.quick-input-widget input');
    this.rows = page.locator('.quick-input-list .monaco-list-row');
  }

  /** A button beside the title. */
  button(tooltip: string): Locator {
    return this.page.locator('.quick-input-titlebar').getByRole('button', { name: tooltip });
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
}
