/** The languages that whisper.cpp knows, by its own codes, in the order of their tokens (1.9.1, src/whisper.cpp, `g_lang`). */
export const WHISPER_LANGUAGES: readonly string[] = (
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy ' +
  'sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi ' +
  'lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'
).split(' ');

/** BCP 47 tags whose language Whisper calls otherwise: its `jw` is withdrawn ISO 639-1, its `no` means Bokmål, its `tl` Filipino. */
const OTHER_NAMES: Readonly<Record<string, string>> = { jv: 'jw', nb: 'no', fil: 'tl', cmn: 'zh' };

/** Whisper's code for a BCP 47 tag (`th`, `en-GB`, `jv`), or undefined when it does not know the language. */
export function whisperCodeOf(tag: string): string | undefined {
  const primary = tag.toLowerCase().split(/[-_]/)[0] as string;
  const code = OTHER_NAMES[primary] ?? primary;
  return WHISPER_LANGUAGES.includes(code) ? code : undefined;
}

/** The BCP 47 tag for one of Whisper's codes. */
export function tagOfWhisperCode(code: string): string {
  return code === 'jw' ? 'jv' : code;
}
