import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { shrinkPng } from './small-png.js';

interface ScreenshotOptions {
  readonly fullPage?: boolean;
  /** For the documents: few bytes. */
  readonly isSmall?: boolean;
}

/** Writes a picture as `<name>.png`: of what the page shows, or of the full page. */
export type SaveScreenshot = (page: Page, name: string, options?: ScreenshotOptions) => Promise<void>;

/** Opens the folder that the environment variable names; undefined without the variable: then a test keeps no screenshots. */
export async function openScreenshots(variable: 'CONSOLE_SCREENSHOTS' | 'WIDGET_SCREENSHOTS'): Promise<SaveScreenshot | undefined> {
  const folder = process.env[variable];
  if (folder === undefined) return undefined;
  await mkdir(folder, { recursive: true });
  return async (page, name, { fullPage = false, isSmall = false } = {}) => {
    const png = await page.screenshot({ fullPage });
    await writeFile(join(folder, `${name}.png`), isSmall ? shrinkPng(png) : png);
  };
}
