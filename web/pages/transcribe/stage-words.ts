/** The stages as the service names them, in the language that is shown. */
import { currentLanguage } from '../../words/catalogue.ts';

const THAI: readonly (readonly [begins: string, thai: string])[] = [
  ['Initializing', 'กำลังเริ่มต้น...'],
  ['Loading audio', 'กำลังโหลดไฟล์เสียง...'],
  ['Preparing', 'กำลังเตรียมโมเดล...'],
  ['Starting transcription', 'กำลังเริ่มถอดเสียง...'],
  ['Processing audio', 'กำลังประมวลผลเสียง...'],
  ['Detecting speakers', 'กำลังแยกผู้พูด...'],
  ['Finalizing', 'กำลังเก็บรายละเอียด...'],
  ['Complete', 'เสร็จแล้ว'],
];

/** @param stage as the API tells it; one before the first word of a runner is `fallback` */
export function stageInWords(stage: string, fallback: string): string {
  if (stage === '' || /^[a-z_]+$/.test(stage)) return fallback;
  if (currentLanguage() === 'en') return stage;
  return THAI.find(([begins]) => stage.startsWith(begins))?.[1] ?? stage;
}
