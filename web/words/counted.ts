/** English has two forms: `counted(1, 'job', 'jobs')` is "1 job". */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
