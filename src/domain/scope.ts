export const SCOPES = ['read', 'write', 'admin'] as const;
/** What somebody may do at most; each of them includes those before it. */
export type Scope = (typeof SCOPES)[number];

/** Whether what one may do is enough for what is needed. */
export function allows(given: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(given) >= SCOPES.indexOf(needed);
}

/** The lesser of two. */
export function lesser(a: Scope, b: Scope): Scope {
  return allows(a, b) ? b : a;
}
