import { UsageError } from '../domain/errors.ts';

const AGO = /^(\d+)\s*(s|min|m|h|d|w)$/;
const MS: Record<string, number> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const MOMENT = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A moment as it was typed: `2h` ago, or `2026-11-01`, with a time of day if need be. Without a zone it is UTC, in which
 * Longhand tells times of events.
 * @returns ISO 8601
 * @throws UsageError
 */
export function momentOf(text: string, nowMs: number): string {
  const [, number, unit = ''] = AGO.exec(text.trim()) ?? [];
  if (number !== undefined) return asIso(nowMs - Number(number) * (MS[unit] as number), text);
  if (!MOMENT.test(text)) throw notAMoment(text);
  const iso = text.replace(' ', 'T');
  return asIso(Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(iso) || !iso.includes('T') ? iso : `${iso}Z`), text);
}

function asIso(ms: number, text: string): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1) throw notAMoment(text);
  return date.toISOString();
}

function notAMoment(text: string): UsageError {
  return new UsageError(
    `"${text}" is no moment.`,
    'Write how long ago, such as 30m, 2h or 7d, or a date such as 2026-11-01.',
  );
}
