import { parse } from 'node:path';

/** Of a name, in characters; with its extension it fits into the 255 bytes that file systems take, also in UTF-8. */
const LONGEST_STEM = 60;
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}/\\:*?"<>|%]+/gu;

/**
 * The header `content-disposition` of a file to be saved, named after another one. What is no harmless part of a file name
 * becomes `_`. Whoever does not read UTF-8 gets an ASCII name (RFC 6266, 4.3; RFC 8187, 3.2).
 * @param extension without the dot
 */
export function attachment(filename: string, extension: string): string {
  const stem = [
    ...parse(filename)
      .name.replace(FORBIDDEN, '_')
      .replace(/^[.\s]+|[.\s]+$/g, ''),
  ]
    .slice(0, LONGEST_STEM)
    .join('');
  const name = `${stem || 'transcript'}.${extension}`;
  const ascii = name.replace(/[^\x20-\x7e]+/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
