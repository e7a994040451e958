/** What is to be done when the test file that runs now is over; for what several files share the code of. */
const ends: (() => Promise<void>)[] = [];

export function atEndOfFile(end: () => Promise<void>): void {
  ends.push(end);
}

/** Does it, the latest first. */
export async function endFile(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}
