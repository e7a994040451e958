/** Something that is told to whoever watches, as it goes over the wire. It is put into words once, for all who get it. */
export class LiveEvent {
  readonly name: string;
  /** Set where a client can go on from here; it comes back as `Last-Event-ID`. */
  readonly id: number | undefined;
  /** Null: no single job. */
  readonly jobId: number | null;
  readonly data: object;
  #frame: Buffer | undefined;

  constructor(name: string, data: object, { id, jobId = null }: { id?: number; jobId?: number | null } = {}) {
    this.name = name;
    this.data = data;
    this.id = id;
    this.jobId = jobId;
  }

  /** The same with other words. */
  with(data: object): LiveEvent {
    return new LiveEvent(this.name, data, { jobId: this.jobId, ...(this.id === undefined ? {} : { id: this.id }) });
  }

  /** As a server-sent event. JSON has no line breaks, so one line of data holds it. */
  get frame(): Buffer {
    const id = this.id === undefined ? '' : `id: ${this.id}\n`;
    this.#frame ??= Buffer.from(`${id}event: ${this.name}\ndata: ${JSON.stringify(this.data)}\n\n`);
    return this.#frame;
  }
}
