/** A recording being made: the microphone, its loudness, and the pieces that are kept of it. */

import { randomId } from '../../../random-id.ts';
import type { KeptRecording } from './keep-recording.ts';
import { keepPiece, lockOf } from './keep-recording.ts';

/** What a crash of the tab costs at most. */
const PIECE_MS = 1_000;
/** The best for speech that the browser makes. */
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
const SPEECH_BITS_PER_SECOND = 64_000;
const SAMPLES = 1024;

export class Microphone {
  readonly recording: KeptRecording;
  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #context = new AudioContext();
  readonly #meter: AnalyserNode;
  readonly #samples = new Float32Array(SAMPLES);
  readonly #pieces: Blob[] = [];
  readonly #onTrouble: () => void;
  #kept: Promise<void> = Promise.resolve();
  #runSince: number | undefined;
  #seconds = 0;
  #release = () => {};
  #stopped: Promise<Blob> | undefined;

  private constructor(stream: MediaStream, owner: string, onTrouble: () => void) {
    this.#stream = stream;
    this.#onTrouble = onTrouble;
    this.recording = { id: randomId(), owner, startedAt: Date.now(), seconds: 0 };
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, {
      ...(mimeType ? { mimeType } : {}),
      audioBitsPerSecond: SPEECH_BITS_PER_SECOND,
    });
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#take(data));
    this.#meter = new AnalyserNode(this.#context, { fftSize: SAMPLES });
    this.#context.createMediaStreamSource(stream).connect(this.#meter);
  }

  /**
   * Asks for the microphone and begins.
   * @param onTrouble the browser cannot keep what is recorded
   * @throws DOMException when there is no microphone or it may not be used
   */
  static async start(owner: string, onTrouble: () => void): Promise<Microphone> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const microphone = new Microphone(stream, owner, onTrouble);
    void navigator.locks?.request(
      lockOf(microphone.recording.id),
      () =>
        new Promise<void>((resolve) => {
          microphone.#release = resolve;
        }),
    );
    microphone.#recorder.start(PIECE_MS);
    microphone.#runSince = performance.now();
    return microphone;
  }

  /** Seconds recorded, without the pauses. */
  get seconds(): number {
    return this.#seconds + (this.#runSince === undefined ? 0 : (performance.now() - this.#runSince) / 1000);
  }

  get isPaused(): boolean {
    return this.#runSince === undefined;
  }

  /** How loud it is now: 0 to 1, evenly over the 60 dB below the loudest. */
  loudness(): number {
    this.#meter.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES;
    return power === 0 ? 0 : Math.max(0, Math.min(1, 1 + (10 * Math.log10(power)) / 60));
  }

  pause(): void {
    this.#recorder.pause();
    this.#seconds = this.seconds;
    this.#runSince = undefined;
  }

  goOn(): void {
    this.#recorder.resume();
    this.#runSince = performance.now();
  }

  /** Lets go of the microphone. @returns all that was recorded, once the last piece is kept */
  stop(): Promise<Blob> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<Blob> {
    this.#seconds = this.seconds;
    this.#runSince = undefined;
    if (this.#recorder.state !== 'inactive') {
      const stopped = new Promise((resolve) => this.#recorder.addEventListener('stop', resolve, { once: true }));
      this.#recorder.stop();
      await stopped;
    }
    for (const track of this.#stream.getTracks()) track.stop();
    await this.#context.close();
    await this.#kept;
    this.#release();
    return new Blob(this.#pieces, { type: this.#recorder.mimeType });
  }

  #take(piece: Blob): void {
    if (piece.size === 0) return;
    this.#pieces.push(piece);
    const recording = { ...this.recording, seconds: this.seconds };
    // In their order: a piece without those before it is no sound.
    this.#kept = this.#kept.then(() => keepPiece(recording, piece)).catch(this.#onTrouble);
  }
}
