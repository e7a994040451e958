/** How many of these bytes are whole characters of UTF-8: all but a last one that is cut off. */
export function wholeCharacters(bytes: Buffer): number {
  // A character has up to four bytes, and all but its first begin with the bits 10.
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte < 0b1100_0000 ? 1 : byte < 0b1110_0000 ? 2 : byte < 0b1111_0000 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
