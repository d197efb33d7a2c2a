// A user's journey through the installed extension in a real VS Code, with the real server and a real code base.
//
//   node journey.ts '{"url": …, "project": …, "browser": …, "fathom": …, "cache": …, "out": …}'
//
// Each step says what the user does and what must be there then. Pictures of the steps and the measured times are
// left in the folder `out`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Workbench } from './workbench.ts';

interface Place {
  /** Of VS Code. */
  url: string;
  /** The folder to open. */
  project: string;
  browser: string;
  /** The command `fathom` of the server under test. */
  fathom: string;
  /** Where its indexes are. */
  cache: string;
  out: string;
}

const { url, project, browser, fathom, cache, out } = JSON.parse(process.argv[2]!) as Place;

/** What is typed to be timed: each key is a search. */
const TYPED = ['retry a failed connection', 'decode the body of a response'];

const workbench = await Workbench.open(browser, `${url}/?folder=${project}`);
const { page, pick, results } = workbench;
let shown = 0;

async function step(what: string, run: () => Promise<void>): Promise<void> {
  const began = performance.now();
  try {
    await run();
  } catch (error) {
    await workbench.picture(join(out, 'failure.png'));
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  console.log(`${String(++shown).padStart(2)}. ${what} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

const picture = (name: string) => workbench.picture(join(out, `${name}.png`));

/** The line in the label of a row. */
function lineOf(label: string): number {
  return Number(/\.py:(\d+)/.exec(label)![1]);
}

/** What the command line says of the same index. */
function ask(...args: string[]): any {
  const env = { ...process.env, FATHOM_CACHE_DIR: cache };
  return JSON.parse(execFileSync(fathom, [...args, '--json'], { cwd: project, env, encoding: 'utf8' }));
}

await step('the folder is indexed, and the editor says how far it is', async () => {
  await workbench.openFile('_client.py');
  await workbench.languageStatus(/Fathom is indexing|Fathom is ready/);
  await workbench.languageStatus(/Fathom is ready.*\d+ functions/);
});

await step('a search in words finds functions while it is typed', async () => {
  await workbench.search();
  await pick.input.pressSequentially('which requests go through which proxy', { delay: 40 });
  await workbench.rows(/get_environment_proxies/);
  await page.keyboard.press('Escape');
});

await step('the rows are in the order of the server, not in that of matching letters', async () => {
  // The order is the same each time once every function was compared at the deep exit.
  await workbench.languageStatus(/Fathom is ready, \d+ functions$/);
  await page.locator('#status\\.languageStatus').click();
  await page.getByText('Actions').first().waitFor();
  await workbench.picture(join(out, 'status.png'), { width: 640, height: 160 });
  await page.keyboard.press('Escape');
  await workbench.search();
  const query = 'follow a redirect to another url';
  await pick.input.fill(query);
  await workbench.rows(/redirect/);
  await workbench.quiet();
  const wanted = ask('search', query, '--limit', '20')
    .results.slice(0, 6)
    .map((hit: any) => `${hit.qualifiedName || hit.path}, ${hit.path}:${hit.startLine}`);
  const labels = (await pick.labels())
    .slice(0, 6)
    .map((label) => label.replace(/^symbol-\w+ +/, '').replace(/ · .*/, ''));
  assert.deepEqual(labels, wanted);
});

await step('moving shows each function with its lines highlighted, and the list keeps the focus', async () => {
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await workbench.highlighted.first().waitFor();
  await workbench.cursorAt(lineOf((await pick.labels())[2]!));
  await picture('search');
  assert.ok(await pick.input.evaluate((input) => input === input.ownerDocument.activeElement));
});

await step('Enter opens the function', async () => {
  const label = (await pick.labels())[2]!;
  await page.keyboard.press('Enter');
  await pick.input.waitFor({ state: 'hidden' });
  await workbench.editor(/(\w+\.py):/.exec(label)![1]!).waitFor();
  await workbench.cursorAt(lineOf(label));
});

await step('a filter is written by a button, and holds', async () => {
  await workbench.openFile('default.py');
  await workbench.search();
  await pick.input.fill('close the connection');
  await workbench.rows(/close/);
  await pick.button('Only in This Folder').click();
  await workbench.rows(/_transports/);
  await workbench.quiet();
  assert.equal(await pick.input.inputValue(), 'close the connection in:/httpx/_transports');
  assert.ok((await pick.labels()).every((label) => label.includes('httpx/_transports/')));
});

await step('all results stay in the results view, grouped by file, and F4 walks through them', async () => {
  await pick.button('Keep All').click();
  await results.first().waitFor();
  await workbench.widenSideBar(70);
  await page.keyboard.press('F4');
  await page.keyboard.press('F4');
  await workbench.selectedResult.waitFor();
  await picture('results');
});

await step('a dismissed result is gone, and a refresh brings it back', async () => {
  const before = await results.count();
  const row = results.filter({ hasText: 'close' }).first();
  const name = await row.getAttribute('aria-label');
  await row.hover();
  await row.getByRole('button', { name: 'Dismiss' }).click();
  await page.getByLabel(name!, { exact: true }).waitFor({ state: 'detached' });
  await workbench.run('Fathom: Refresh Results');
  await page.getByLabel(name!, { exact: true }).first().waitFor();
  assert.equal(await results.count(), before);
});

await step('similar functions are listed, peeked at and compared', async () => {
  await workbench.openFile('_client.py', 970);
  await workbench.run('Fathom: Find Similar Functions');
  await workbench.rows(/AsyncClient._send_handling_redirects/);
  await workbench.highlighted.first().waitFor();
  await picture('similar');
  await pick.button('Peek').click();
  await page.locator('.peekview-widget').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.peekview-widget').waitFor({ state: 'detached' });
  await workbench.run('Fathom: Compare with the Most Similar Function');
  await workbench.editor('Client._send_handling_redirects ↔ AsyncClient._send_handling_redirects').waitFor();
  await page.locator('.monaco-diff-editor .line-insert').first().waitFor();
  await picture('compare');
});

await step('a function that was typed just now and is not saved is found by its meaning', async () => {
  await workbench.openFile('_utils.py');
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('\n\ndef moon_phase(day):\n    return (day.toordinal() - 6) % 29.53\n');
  await page.locator('.tab.active.dirty').waitFor();
  await workbench.search();
  await pick.input.fill('lunar cycle on a given date');
  await workbench.rows(/moon_phase/);
  assert.match((await pick.labels())[0]!, /moon_phase, httpx\/_utils\.py/);
  await page.keyboard.press('Escape');
});

await step('a search is answered in the end when the indexer is killed', async () => {
  const { pid } = ask('status').indexer;
  process.kill(pid, 'SIGKILL');
  await workbench.search();
  await pick.input.fill('parse a header with its parameters');
  await workbench.rows(/header/i);
  await page.keyboard.press('Escape');
  const successor = ask('status').indexer.pid;
  assert.notEqual(successor, pid);
  await workbench.openFile('_client.py');
  await workbench.languageStatus(/Fathom is ready/);
});

await step('copies are grouped in the view of duplicates', async () => {
  await workbench.run('Fathom: Focus on Duplicates View');
  await page.locator('.pane').filter({ hasText: 'Duplicates' }).locator('.monaco-list-row').first().waitFor();
});

await step('the status report names the folder and its stages', async () => {
  await workbench.run('Fathom: Show Status Report');
  await workbench.editor('Fathom Status.md').waitFor();
  await page.locator('.view-line').filter({ hasText: 'Found by meaning' }).waitFor();
});

await step('the first rows come fast after a key', async () => {
  await workbench.search();
  const times: number[] = [];
  for (const text of TYPED) {
    await pick.input.fill('');
    for (const key of text) {
      const time = await workbench.timeToRows(key === ' ' ? 'Space' : key);
      times.push(...(time === undefined ? [] : [time]));
    }
  }
  times.sort((first, second) => first - second);
  const at = (share: number) => Math.round(times[Math.floor(share * (times.length - 1))]!);
  const figures = {
    keys: times.length,
    p50: at(0.5),
    p90: at(0.9),
    load: loadavg().map((load) => Number(load.toFixed(1))),
  };
  writeFileSync(join(out, 'times.json'), JSON.stringify(figures));
  console.log(`    key to first rows: ${JSON.stringify(figures)}`);
  await page.keyboard.press('Escape');
});

await workbench.close();
