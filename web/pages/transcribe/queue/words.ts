/** What the page says where the queue is changed by hand. */
import type { Catalogue } from '../../../words/catalogue.ts';

const en = {
  reorder: (name: string) => `Move ${name}`,
  drag: {
    how: 'Press space or enter to take hold of a recording, the arrow keys to move it, space or enter again to let it go, escape to leave it where it was.',
    taken: (name: string, place: number) => `${name} taken. Place ${place}.`,
    over: (name: string, place: number) => `${name} is now at place ${place}.`,
    dropped: (name: string, place: number) => `${name} put at place ${place}.`,
    left: (name: string) => `${name} was left where it was.`,
  },
  pauseQueueAbout: 'No recording starts until the queue is resumed, also after a restart of Longhand. Nothing is lost.',
  pauseReason: 'Why',
  pauseReasonHint: 'Shown to everybody who looks at the queue. You can leave it empty.',
  pauseRunning: 'Pause what is in work, too',
  pauseRunningHint: 'Otherwise it goes on to its end.',
};

export const handWords: Catalogue<typeof en> = {
  en,
  th: {
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
  },
};
