/** Which part of a file a request is for, and whether its client has it already (RFC 9110, 13 and 14). */

export interface FilePart {
  start: number;
  /** Inclusive. */
  end: number;
}

/** As far as a request says which part it wants. */
export interface RangeHeaders {
  range?: string | undefined;
  'if-range'?: string | string[] | undefined;
}

/**
 * The part that is asked for: `whole` when none is, when it is asked for in a way that may be ignored (several parts, other
 * units, nonsense), and when the client has a part of another version; `none` when the file does not reach so far.
 * @param tag the file's entity tag, in quotes
 */
export function partOf(headers: RangeHeaders, tag: string, bytes: number): FilePart | 'whole' | 'none' {
  const [, first, last] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole';
  const ifRange = headers['if-range'];
  // A moment may stand there too; we tell none, so that it is none of ours.
  if (ifRange !== undefined && ifRange !== tag) return 'whole';
  if (first === '') {
    const wanted = Number(last);
    return wanted === 0 ? 'none' : { start: Math.max(0, bytes - wanted), end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return 'whole';
  return start >= bytes ? 'none' : { start, end };
}

/** Whether a client that sends `If-None-Match` has what it would get. @param tag in quotes */
export function hasAlready(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const known = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known.includes('*') || known.includes(tag);
}
