/** What people who use a keyboard or a screen reader would stumble over. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Looks at the page as it is, in light and in dark: nothing serious may be wrong with it. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(SOURCE);
    const found = await page.evaluate(async () => {
      // The colours of the theme that was just chosen must be in place.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      // One that is cut short is over, too.
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        // It would copy the styles of shadow roots into the page, which the policy of the page rightly refuses.
        preload: false,
      });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}\n${nodes[0]?.failureSummary}`);
    });
    expect(found, colorScheme).toEqual([]);
  }
}
