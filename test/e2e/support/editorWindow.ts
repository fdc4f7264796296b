import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';

const repositoryFolder = resolve(import.meta.dirname, '../../..');
const pictures = join(repositoryFolder, 'test-results/e2e');
const patienceMs = 60_000;

/** One browser page with VS Code in it, in the words of the person who uses it. Every call waits for what it names. */
export class EditorWindow {
  constructor(readonly page: Page) {
    page.setDefaultTimeout(patienceMs);
  }

  async untilReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor();
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ state: 'attached' });
  }

  /** Reloads as people do, with VS Code's own command: a page that is torn away may lose the last seconds of its layout. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor();
  }

  /** Runs a command by its full title, for example `TTT-Discover: Start Discovery`. */
  async runCommand(title: string): Promise<void> {
    const row = this.quickPickRow(title).first();
    // The palette lists what was enabled when it opened; an editor that has just started may enable the command a moment later.
    for (let tries = 1; ; tries += 1) {
      await this.openPalette(title);
      const isThere = await row.waitFor({ timeout: 10_000 }).then(
        () => true,
        () => false,
      );
      if (isThere || tries === 5) break;
      await this.page.keyboard.press('Escape');
    }
    await row.click();
  }

  /** Opens the palette with a title typed in, and leaves it open. */
  async openPalette(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.quickInput().fill(`>${title}`);
  }

  quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible .quick-input-filter input');
  }

  quickPickRow(label: string | RegExp): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label });
  }

  async pick(label: string | RegExp): Promise<void> {
    await this.quickPickRow(label).first().click();
  }

  /** Opens a file of the workspace by its name. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.quickInput().fill(name);
    await this.quickPickRow(name).first().click();
    await this.tab(name).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  tab(label: string | RegExp): Locator {
    return this.page.locator('.tabs-container .tab').filter({ hasText: label });
  }

  /** The diff editor that is shown, once its tab is the active one and its changes are drawn. */
  async diff(label: string | RegExp): Promise<Locator> {
    await this.page.locator('.tabs-container .tab.active').filter({ hasText: label }).waitFor();
    const editor = this.page.locator('.monaco-diff-editor:visible');
    await editor.locator('.line-insert').first().waitFor();
    return editor;
  }

  codeLens(label: string | RegExp): Locator {
    return this.page.locator('.codelens-decoration a[role=button]').filter({ hasText: label });
  }

  /** The modal dialog that is open. */
  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  async pressDialogButton(label: string): Promise<void> {
    await this.dialog().locator('.dialog-buttons .monaco-button').filter({ hasText: label }).click();
    await this.dialog().waitFor({ state: 'detached' });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
  }

  /** Answers no question: closes all that is shown. At most three notifications are seen at once. */
  async clearNotifications(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications');
    await this.page
      .locator('.notifications-toasts .notification-list-item')
      .first()
      .waitFor({ state: 'detached' });
  }

  async pressNotificationButton(text: string | RegExp, label: string): Promise<void> {
    await this.notification(text).locator('.monaco-button').filter({ hasText: label }).click();
  }

  /** Shows the views of the extension in the side bar. */
  async showViews(): Promise<void> {
    const icon = this.page.locator('.activitybar .action-item').filter({
      has: this.page.locator('a[aria-label^="TTT-Discover"]'),
    });
    if ((await icon.getAttribute('aria-expanded')) !== 'true') await icon.click();
    await this.view('Hosts').waitFor();
  }

  /** A view of the side bar by its title. */
  view(title: string): Locator {
    return this.page
      .locator('.pane')
      .filter({ has: this.page.locator(`.pane-header[aria-label^="${title}"]`) });
  }

  rows(viewTitle: string): Locator {
    return this.view(viewTitle).locator('.monaco-list-row');
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text });
  }

  /** Rows of the Problems panel, which this opens. */
  async problems(): Promise<Locator> {
    await this.runCommand('Problems: Focus on Problems View');
    return this.page.locator('.markers-panel .monaco-list-row');
  }

  /** The webview that has `selector` on its page, once it has. Frames of other webviews may exist. */
  async webviewFrame(selector: string): Promise<Frame> {
    const deadlineMs = Date.now() + patienceMs;
    for (;;) {
      for (const frame of this.page.frames()) {
        if (frame.url().includes('/pre/fake.html') && (await hasElement(frame, selector))) return frame;
      }
      if (Date.now() > deadlineMs) throw new Error(`No webview with ${selector} after ${patienceMs} ms`);
      await this.page.waitForEvent('frameattached', { timeout: 250 }).catch(() => undefined);
    }
  }

  /** Puts the cursor into the text editor that is shown. */
  async focusEditor(): Promise<void> {
    await this.runCommand('View: Focus Active Editor Group');
  }

  /** Ctrl+S, once a tab shows the unsaved change that there must be, and until none does. */
  async save(): Promise<void> {
    const unsaved = this.page.locator('.tabs-container .tab.dirty');
    await unsaved.waitFor();
    await this.page.keyboard.press('Control+S');
    await unsaved.waitFor({ state: 'detached' });
  }

  /**
   * A screenshot for people who look at what a test run saw, in test-results/e2e. With `docs` it is also one of the
   * documentation's, and written there by `npm run docs:screenshots`. `of` is the part to show; all of the window without it.
   */
  async picture(
    name: string,
    options: { readonly docs?: boolean; readonly of?: Locator } = {},
  ): Promise<void> {
    await mkdir(pictures, { recursive: true });
    await this.page.mouse.move(720, 880); // away from what shows a tooltip
    const path = join(pictures, `${name}.png`);
    await (options.of ?? this.page).screenshot({ path, animations: 'disabled' });
    if (options.docs === true && process.env['UPDATE_DOCS'] === '1') {
      await mkdir(join(repositoryFolder, 'docs/images'), { recursive: true });
      await copyFile(path, join(repositoryFolder, 'docs/images', `${name}.png`));
    }
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}

async function hasElement(frame: Frame, selector: string): Promise<boolean> {
  try {
    return (await frame.locator(selector).count()) > 0;
  } catch {
    return false; // the frame went away while it was looked at
  }
}
