/** Part of an address with its percent signs taken as escapes, or as it stands where they are none, such as in `100%`. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}
