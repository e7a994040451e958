/** Something that must not happen happened: the chaos run ends with it. */
export class Finding extends Error {
  override name = 'Finding';
  /** The job that it is about. */
  readonly jobId: number | undefined;

  constructor(message: string, jobId?: number) {
    super(message);
    this.jobId = jobId;
  }
}
