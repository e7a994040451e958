/** What Longhand is set to, changed while it runs: by the page, by a program, by `longhand settings`. */
import { recordSettings } from '../store/settings-events.ts';
import type { Store } from '../store/store.ts';
import { actor } from './actor.ts';

/** A setting that is changed, as it may be seen: secrets are hidden. */
export interface SettingStep {
  name: string;
  from: unknown;
  to: unknown;
  /** It is again as if nobody had changed it here. */
  reset: boolean;
}

/** The settings of the owner. */
export interface SettingsControl<Told> {
  /** Every one. */
  told(): Told[];
  /** Changes all of these or none. @returns those that are other than before */
  change(
    changes: Readonly<Record<string, unknown>>,
    commit: (steps: readonly SettingStep[], write: () => Promise<void>) => Promise<void>,
  ): Promise<Told[]>;
}

/**
 * Changes settings and notes down who did it.
 * @param changes by their names; null sets one back
 * @returns those that are other than before
 * @throws UsageError saying which cannot be changed, or not to that; then none is
 */
export async function changeSettings<Told>(
  store: Store,
  settings: SettingsControl<Told>,
  changes: Readonly<Record<string, unknown>>,
): Promise<Told[]> {
  return await settings.change(changes, (steps, write) =>
    recordSettings(store, { actor: actor(), reason: inWords(steps), data: { settings: steps } }, write),
  );
}

/** `Settings changed: maxConcurrent set to 3 (was 2), quietHours set back (was 22:00-07:00)` */
function inWords(steps: readonly SettingStep[]): string {
  const words = steps.map(({ name, from, to, reset }) => {
    const before = `(was ${valueInWords(from)})`;
    return reset ? `${name} set back ${before}` : `${name} set to ${valueInWords(to)} ${before}`;
  });
  return `Settings changed: ${words.join(', ')}`;
}

function valueInWords(value: unknown): string {
  if (value === null) return 'nothing';
  return Array.isArray(value) ? value.join(' and ') : String(value);
}
