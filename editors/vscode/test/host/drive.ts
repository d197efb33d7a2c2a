// Has a running VS Code load the extension from this folder and run the tests in its extension host.
//
//   node drive.ts '{"url": …, "extension": …, "tests": …, "workspace": …, "browser": …}'

import { chromium } from 'playwright-core';
import { SWITCHES } from '../journey/workbench.ts';

interface Place {
  /** Of VS Code. */
  url: string;
  /** Absolute paths. */
  extension: string;
  tests: string;
  workspace: string;
  browser: string;
}

const place = JSON.parse(process.argv[2]!) as Place;
const authority = new URL(place.url).host;
const remote = (path: string) => `vscode-remote://${authority}${path}`;
const payload = JSON.stringify([
  ['extensionDevelopmentPath', remote(place.extension)],
  ['extensionTestsPath', remote(place.tests)],
]);

const browser = await chromium.launch({ executablePath: place.browser, args: SWITCHES });
const page = await browser.newPage();
const exitCode = new Promise<number>((resolve) => page.exposeFunction('codeAutomationExit', resolve));
await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => console.log(...args));
await page.goto(`${place.url}/?workspace=${place.workspace}&payload=${encodeURIComponent(payload)}`);
process.exitCode = await exitCode;
await browser.close();
