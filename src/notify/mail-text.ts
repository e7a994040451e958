/** What a notification says as an e-mail. Names come from outside: in the subject they are one line, in HTML they are text. */
import { duration } from '../domain/duration.ts';
import type { Notification, NotifiedJob } from '../domain/notification.ts';

export interface MailText {
  subject: string;
  text: string;
  html: string;
}

const SUBJECT_CHARS = 150;

export function mailTextOf({ type, job }: Notification): MailText {
  const [subject, ...paragraphs] = job ? wordsOfJob(job) : WORDS[type === 'queue.empty' ? 'empty' : 'test'];
  return {
    subject: oneLine(subject),
    text: `${[...paragraphs, '-- \nLonghand'].join('\n\n')}\n`,
    html: `${paragraphs.map((words) => `<p>${escaped(words).replaceAll('\n', '<br>')}</p>`).join('\n')}\n`,
  };
}

type Words = [subject: string, ...paragraphs: string[]];

const WORDS: Record<'empty' | 'test', Words> = {
  empty: ['The queue is empty', 'The last job has ended; no recording waits.'],
  test: ['E-mail from Longhand arrives', 'This is a test: notifications will come to this address.'],
};

function wordsOfJob({ id, filename, status, durationSeconds, elapsedSeconds, error }: NotifiedJob): Words {
  const name = oneLine(filename);
  if (status === 'completed') {
    const length = durationSeconds > 0 ? `${duration(durationSeconds)} of recording, ` : '';
    return [
      `Transcribed: ${name}`,
      `Job ${id} is completed: ${name}`,
      `${length}${duration(elapsedSeconds)} of work.`,
      `The text: longhand export ${id}`,
    ];
  }
  const why = [error?.message, error?.remedy].filter((words) => words).join('\n');
  return [
    `Not transcribed: ${name}`,
    `Job ${id} has failed: ${name}`,
    ...(why ? [why] : []),
    `What is done is kept. Why it failed: longhand show ${id}`,
  ];
}

/** Without line breaks and other control characters, which would end a header or hide what follows. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= SUBJECT_CHARS ? line : `${characters.slice(0, SUBJECT_CHARS).join('')}…`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
