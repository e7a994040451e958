import type { Catalogue } from '../words/catalogue.ts';
import { counted } from '../words/counted.ts';

const en = {
  transcribe: 'Transcribe',
  history: 'History',
  settings: 'Settings',
  pages: 'Pages',
  skip: 'Skip to the content',
  inWork: 'In work',
  left: (time: string) => `${time} left`,
  waiting: (count: number) => counted(count, 'recording waits', 'recordings wait'),
  allDoneIn: (time: string) => `all done in ${time}`,
  away: 'Longhand does not answer at the moment. The page goes on by itself as soon as it does; work on the server is not affected.',
  signIn: 'Sign in',
  name: 'Name',
  password: 'Password',
  keyNeeded:
    'Nobody can sign in here yet: there are keys for programs, and no user with a password. On the machine itself: longhand users add NAME',
  notFound: 'Nothing here',
  notFoundAbout: 'There is no page at this address.',
  toStart: 'To the start',
  trouble: 'This page cannot be shown',
  troubleRemedy: 'Load it again; after an update the page may be newer than what the browser has.',
  reload: 'Load again',
};

export const shellWords: Catalogue<typeof en> = {
  en,
  th: {
    transcribe: 'ถอดเสียง',
    history: 'ประวัติ',
    settings: 'ตั้งค่า',
    pages: 'หน้า',
    skip: 'ข้ามไปยังเนื้อหา',
    inWork: 'กำลังทำงาน',
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
  },
};
