import type { SameWords } from './catalogue.ts';
import type en from './job-actions.en.ts';

const th: SameWords<typeof en> = {
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
};

export default th;
