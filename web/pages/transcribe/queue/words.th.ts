import type { SameWords } from '../../../words/catalogue.ts';
import type en from './words.en.ts';

const th: SameWords<typeof en> = {
  reorder: (name) => `ย้าย ${name}`,
  drag: {
    how: 'กดเว้นวรรคหรือ Enter เพื่อหยิบ ใช้ปุ่มลูกศรเพื่อย้าย กดเว้นวรรคหรือ Enter อีกครั้งเพื่อวาง กด Escape เพื่อยกเลิก',
    taken: (name, place) => `หยิบ ${name} แล้ว ลำดับที่ ${place}`,
    over: (name, place) => `${name} อยู่ลำดับที่ ${place}`,
    dropped: (name, place) => `วาง ${name} ที่ลำดับ ${place}`,
    left: (name) => `${name} อยู่ที่เดิม`,
  },
  pauseQueueAbout: 'จะไม่มีไฟล์ใดเริ่มจนกว่าจะให้คิวทำงานต่อ แม้เริ่ม Longhand ใหม่ ไม่มีอะไรสูญหาย',
  pauseReason: 'เหตุผล',
  pauseReasonHint: 'ทุกคนที่ดูคิวจะเห็น เว้นว่างได้',
  pauseRunning: 'หยุดพักไฟล์ที่กำลังทำอยู่ด้วย',
  pauseRunningHint: 'มิฉะนั้นจะทำต่อจนเสร็จ',
};

export default th;
