/** Amounts of memory and disk as people write and read them. Units are powers of 1024: 1 GB is 1,073,741,824 bytes. */
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];
const SIZE = /^(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]?)(i?b)?$/i;

/**
 * Bytes of `2GB`, `512 MB`, `1.5g`, `2GiB` or `2147483648`, case ignored, rounded to whole bytes.
 * Undefined for anything that is no such amount.
 */
export function parseByteSize(text: string): number | undefined {
  const [, amount, letter = ''] = SIZE.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const power = Math.max(0, UNITS.indexOf(`${letter.toUpperCase()}B`));
  const bytes = Math.round(Number(amount) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** 1536 → `1.5 KB`. */
export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
