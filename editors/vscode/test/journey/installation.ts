// A user's first minutes: there is no server and no network, but a wheel of the server.
//
//   node installation.ts '{"url": …, "project": …, "browser": …, "wheel": …, "out": …}'

import { join } from 'node:path';
import { Workbench } from './workbench.ts';

interface Place {
  /** Of VS Code. */
  url: string;
  /** The folder to open: a small project with `parcels/text.py` in it. */
  project: string;
  browser: string;
  /** A wheel of the server, with the wheels of all that it needs beside it. */
  wheel: string;
  out: string;
}

const { url, project, browser, wheel, out } = JSON.parse(process.argv[2]!) as Place;

const workbench = await Workbench.open(browser, `${url}/?folder=${project}`);
const { page, pick } = workbench;

try {
  // The walkthrough opens by itself, and its first step has the button that installs.
  await page.getByRole('button', { name: 'Install Server' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Install from a File…' }).click();
  await workbench.chooseFile(wheel);
  await workbench.openFile('text.py');
  await workbench.languageStatus(/Fathom is ready/);
  await workbench.search();
  await pick.input.fill('make a title fit for a URL');
  await workbench.rows(/slugify/);
} catch (error) {
  await workbench.picture(join(out, 'failure.png'));
  throw error;
}
await workbench.close();
