/** How a try to tell somebody ended. */
export interface Outcome {
  delivered: boolean;
  /** What the receiver answered, where it speaks HTTP. */
  httpStatus?: number;
  /** Why it failed, as a sentence. */
  error?: string;
  /** Another try would end the same way. */
  final?: boolean;
}
