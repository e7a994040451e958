import type { SameWords } from '../../../words/catalogue.ts';
import type en from './words.en.ts';

const th: SameWords<typeof en> = {
  sent: (percent, of) => `${percent} จาก ${of}`,
  rate: (speed) => `${speed}/วิ`,
  left: (time) => `เหลือ ${time}`,
  turn: 'รอถึงคิวส่ง',
  connecting: 'กำลังเชื่อมต่อ …',
  arrived: 'ส่งครบแล้ว Longhand กำลังตรวจไฟล์ …',
  away: 'กำลังรอการเชื่อมต่อ จะส่งต่อจากเดิมเอง',
  awayWhy: (why) => `${why} จะส่งต่อเอง`,
  unsafe: 'เบราว์เซอร์ไม่มีที่พอจะเก็บไฟล์นี้ ถ้าโหลดหน้านี้ใหม่ต้องเลือกไฟล์อีกครั้ง',
  fileNeeded: 'เบราว์เซอร์ไม่มีไฟล์นี้แล้ว เลือกไฟล์อีกครั้งเพื่อส่งต่อจากเดิม',
  chooseAgain: 'เลือกไฟล์อีกครั้ง',
  otherFile: (name) => `นี่เป็นไฟล์อื่น โปรดเลือก ${name} ที่ไม่ถูกแก้ไข`,
  stopSendingOf: (name) => `ยกเลิกการส่ง ${name}`,
  known: 'เคยถอดเสียงไฟล์นี้แล้ว',
  knownRunning: 'ไฟล์นี้อยู่ในคิวแล้ว',
  knownOpen: (id) => `เปิดงาน ${id}`,
  doAgain: 'ถอดเสียงอีกครั้ง',
  dismissOf: (name) => `ปิด ${name}`,
  retrySending: 'ส่งอีกครั้ง',
  tooLarge: 'ไฟล์นี้ใหญ่เกินกว่าที่ Longhand นี้รับได้',
  tooLargeRemedy: 'ส่งเฉพาะเสียง หรือขอให้ผู้ดูแล Longhand เพิ่มค่า LONGHAND_MAX_UPLOAD',
};

export default th;
