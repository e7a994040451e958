/** Nobody listens, or the owner ended in the middle: somebody else may be the owner soon. */
export class OwnerGoneError extends Error {
  override name = 'OwnerGoneError';
}
