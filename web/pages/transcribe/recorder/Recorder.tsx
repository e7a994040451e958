import { Mic, Pause, Play, Square } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../../../components/Button.tsx';
import { Note } from '../../../components/ProblemNote.tsx';
import { clockTime, moment } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { forgetRecording } from '../outbox/outbox.ts';
import { partWords } from '../part-words.ts';
import { asFile } from './keep-recording.ts';
import { LevelMeter } from './LevelMeter.tsx';
import { Listen } from './Listen.tsx';
import { Microphone } from './microphone.ts';
import styles from './Recorder.module.css';

export interface Made {
  file: File;
  recording: string;
  seconds: number;
}

interface RecorderProps {
  owner: string;
  onMade(made: Made): void;
  onClose(): void;
}

type State =
  | { at: 'asking' }
  | { at: 'refused' }
  | { at: 'recording'; microphone: Microphone; isPaused: boolean }
  | { at: 'made'; microphone: Microphone; sound: Blob };

/** Records with the microphone. What was recorded is listened to before it is sent. */
export default function Recorder({ owner, onMade, onClose }: RecorderProps) {
  const words = useWords(partWords).recorder;
  const [state, setState] = useState<State>({ at: 'asking' });
  const [isKept, setKept] = useState(true);
  const [attempt, setAttempt] = useState(0);
  const isSecure = 'mediaDevices' in navigator;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again
  useEffect(() => {
    if (!isSecure) return;
    let microphone: Microphone | undefined;
    let isGone = false;
    Microphone.start(owner, () => setKept(false)).then(
      (started) => {
        microphone = started;
        // Nobody waits for it any more: what was kept stays, to be offered again.
        if (isGone) void started.stop();
        else setState({ at: 'recording', microphone: started, isPaused: false });
      },
      (error: unknown) => {
        if (!(error instanceof DOMException)) throw error;
        setState({ at: 'refused' });
      },
    );
    return () => {
      isGone = true;
      void microphone?.stop();
    };
  }, [owner, isSecure, attempt]);

  const discard = async (microphone: Microphone) => {
    await microphone.stop();
    await forgetRecording(microphone.recording.id);
    onClose();
  };

  if (!isSecure || state.at === 'refused') {
    return (
      <div className={styles.recorder}>
        <Note tone="warn" role="alert">
          <p>{isSecure ? words.noMicrophone : words.insecure}</p>
          <p>{isSecure ? words.noMicrophoneRemedy : words.insecureRemedy}</p>
        </Note>
        <div className={styles.actions}>
          {isSecure && (
            <Button
              onClick={() => {
                setState({ at: 'asking' });
                setAttempt(attempt + 1);
              }}
            >
              {words.recordTry}
            </Button>
          )}
          <Button kind="quiet" onClick={onClose}>
            {words.recordCancel}
          </Button>
        </div>
      </div>
    );
  }
  if (state.at === 'asking') {
    return (
      <div className={styles.recorder}>
        <Mic className={styles.mark} aria-hidden="true" />
      </div>
    );
  }
  const { microphone } = state;
  if (state.at === 'made') {
    const { sound } = state;
    const { id, startedAt } = microphone.recording;
    return (
      <div className={styles.recorder}>
        <Listen
          sound={sound}
          seconds={microphone.seconds}
          onDiscard={() => void discard(microphone)}
          onUse={() =>
            onMade({
              file: asFile(sound, nameOf(words.recordedName, startedAt), startedAt),
              recording: id,
              seconds: microphone.seconds,
            })
          }
        />
      </div>
    );
  }
  const stop = async () => setState({ at: 'made', microphone, sound: await microphone.stop() });
  const togglePause = () => {
    if (state.isPaused) microphone.goOn();
    else microphone.pause();
    setState({ ...state, isPaused: !state.isPaused });
  };
  return (
    <div className={styles.recorder}>
      <p className={styles.state} role="status">
        <span className={state.isPaused ? styles.still : styles.dot} aria-hidden="true" />
        {state.isPaused ? words.recordingPaused : words.recording}
      </p>
      <Clock microphone={microphone} />
      <LevelMeter microphone={microphone} />
      <div className={styles.actions}>
        <Button icon={state.isPaused ? <Play /> : <Pause />} onClick={togglePause}>
          {state.isPaused ? words.recordGoOn : words.recordPause}
        </Button>
        <Button kind="primary" icon={<Square />} onClick={() => void stop()}>
          {words.recordStop}
        </Button>
      </div>
      <p className={styles.about}>{isKept ? words.recordKept : words.recordNotKept}</p>
    </div>
  );
}

/** As it goes into the name of a file. */
export function nameOf(say: (when: string) => string, startedAt: number): string {
  const at = new Date(startedAt);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return say(`${date} ${two(at.getHours())}.${two(at.getMinutes())}.${two(at.getSeconds())}`);
}

const TICK_MS = 250;

function Clock({ microphone }: { microphone: Microphone }) {
  const [seconds, setSeconds] = useState(microphone.seconds);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(microphone.seconds), TICK_MS);
    return () => clearInterval(timer);
  }, [microphone]);
  return (
    <p className={styles.clock} title={moment(new Date(microphone.recording.startedAt).toISOString())} data-figure="">
      {clockTime(seconds)}
    </p>
  );
}
