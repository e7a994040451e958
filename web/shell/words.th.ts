import type { SameWords } from '../words/catalogue.ts';
import type en from './words.en.ts';

const th: SameWords<typeof en> = {
  transcribe: 'ถอดเสียง',
  history: 'ประวัติ',
  settings: 'ตั้งค่า',
  pages: 'หน้า',
  skip: 'ข้ามไปยังเนื้อหา',
  inWork: 'กำลังทำงาน',
  resumed: 'ทำต่อ',
  failed: 'ล้มเหลว',
  moreFailed: (count) => `อีก ${count.toLocaleString('th')} รายการ`,
  allSeen: 'รับทราบแล้ว',
  left: (time) => `เหลือ ${time}`,
  waiting: (count) => `รออยู่ ${count.toLocaleString('th')} รายการ`,
  allDoneIn: (time) => `เสร็จทั้งหมดใน ${time}`,
  away: 'Longhand ไม่ตอบสนองในขณะนี้ หน้านี้จะทำงานต่อเองเมื่อกลับมา งานบนเซิร์ฟเวอร์ไม่ได้รับผลกระทบ',
  signIn: 'เข้าสู่ระบบ',
  name: 'ชื่อ',
  password: 'รหัสผ่าน',
  keyNeeded: 'ยังไม่มีใครเข้าสู่ระบบที่นี่ได้: มีเพียงคีย์สำหรับโปรแกรม ไม่มีผู้ใช้ที่มีรหัสผ่าน บนเครื่องนั้นใช้คำสั่ง: longhand users add NAME',
  notFound: 'ไม่มีอะไรที่นี่',
  notFoundAbout: 'ไม่มีหน้าที่อยู่นี้',
  toStart: 'ไปหน้าแรก',
  trouble: 'แสดงหน้านี้ไม่ได้',
  troubleRemedy: 'โหลดใหม่อีกครั้ง หลังการอัปเดต หน้าอาจใหม่กว่าที่เบราว์เซอร์มีอยู่',
  reload: 'โหลดใหม่',
};

export default th;
