/** What can be done with a job. */
import type { Catalogue } from './catalogue.ts';

const en = {
  pause: 'Pause',
  resume: 'Go on',
  retry: 'Try again',
  retryNow: 'Try again now',
  again: 'Transcribe again',
  stop: 'Stop',
  cancel: 'Cancel',
  sooner: 'Do it sooner',
  usual: 'Back to the usual priority',
  delete: 'Delete …',
  deleteTitle: 'Delete this recording?',
  deleteAbout: (name: string) =>
    `“${name}” goes with its text, its log and everything that was made of it. A recording that was uploaded here goes too; one on this machine’s disk stays. This cannot be undone.`,
  deleteConfirm: 'Delete',
  keep: 'Keep it',
};

export const jobActionWords: Catalogue<typeof en> = {
  en,
  th: {
    pause: 'หยุดพัก',
    resume: 'ทำต่อ',
    retry: 'ลองอีกครั้ง',
    retryNow: 'ลองใหม่ทันที',
    again: 'ถอดเสียงอีกครั้ง',
    stop: 'หยุด',
    cancel: 'ยกเลิก',
    sooner: 'ทำให้เร็วขึ้น',
    usual: 'กลับเป็นลำดับปกติ',
    delete: 'ลบ …',
    deleteTitle: 'ลบไฟล์เสียงนี้หรือไม่',
    deleteAbout: (name) =>
      `“${name}” จะถูกลบพร้อมข้อความ บันทึกการทำงาน และทุกอย่างที่สร้างจากไฟล์นี้ ไฟล์ที่อัปโหลดมาจะถูกลบด้วย ส่วนไฟล์ที่อยู่บนดิสก์ของเครื่องนี้จะยังอยู่ การลบนี้ย้อนกลับไม่ได้`,
    deleteConfirm: 'ลบ',
    keep: 'เก็บไว้',
  },
};
