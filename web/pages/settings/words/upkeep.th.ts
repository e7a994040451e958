import type { SameWords } from '../../../words/catalogue.ts';
import type en from './upkeep.en.ts';

const th: SameWords<typeof en> = {
  checks: 'ตรวจสุขภาพระบบ',
  checking: 'กำลังตรวจทุกอย่าง โมเดลและฐานข้อมูลขนาดใหญ่อาจใช้เวลาสักครู่ …',
  again: 'ตรวจอีกครั้ง',
  checkedAt: (time) => `ตรวจเมื่อ ${time}`,
  verdict: {
    healthy: 'ทุกอย่างเรียบร้อย',
    degraded: 'ถอดเสียงได้ แต่มีบางอย่างที่ควรดู',
    unhealthy: 'ขณะนี้ถอดเสียงไม่ได้',
  },
  state: { ok: 'ปกติ', optional: 'ไม่จำเป็น', warning: 'ควรดู', failed: 'ใช้ไม่ได้' },
  fine: (count) => `รายการที่เรียบร้อย (${count})`,
  supervision: 'งานที่เฝ้าดูอยู่',
  watched: { active: 'กำลังทำงาน', stuck: 'ค้าง', orphaned: 'ไม่มีใครเฝ้าดู' },
  noAlerts: 'ไม่มีงานค้าง และไม่มีอะไรถูกทิ้งไว้',
  cleanUp: 'ทำความสะอาดตอนนี้',
  cleanUpAbout:
    'จัดการไฟล์เสียงที่ไม่มีใครทำงานอยู่แล้ว ปิดโปรเซสที่เหลือ และลบบันทึกเก่ากับไฟล์ที่ไม่มีใครใช้ ระบบทำเองเป็นประจำอยู่แล้ว โปรแกรมที่ไม่ใช่ของ Longhand จะไม่ถูกปิด',
  nothing: 'ไม่มีอะไรต้องทำความสะอาด',
  recovered: (job, status) =>
    status === 'pending' ? `ไฟล์เสียง ${job} ถูกทิ้งไว้ จะทำต่อจากที่ค้าง` : `ไฟล์เสียง ${job} ถูกทิ้งไว้ และล้มเหลว`,
  ended: (count) => `ปิดโปรเซสที่เหลืออยู่ ${count.toLocaleString('th')} รายการ`,
  survivors: (names) => `ปิดไม่ได้: ${names}`,
  logs: (count, size) => `ลบไฟล์บันทึกเก่า ${count.toLocaleString('th')} ไฟล์ (${size})`,
  leftOver: (count) => `ลบไฟล์ที่เหลือของ ${count.toLocaleString('th')} รายการ`,
  uploads: (count) => `ลบไฟล์อัปโหลดที่ไม่ได้ใช้ ${count.toLocaleString('th')} ไฟล์`,
  show: 'ดูรายการ',
  service: 'ตัวระบบ',
  facts: {
    since: 'เริ่มทำงานเมื่อ',
    memory: 'หน่วยความจำของระบบเอง',
    address: 'ที่อยู่',
    process: 'โปรเซส',
    jobs: 'ไฟล์เสียง',
    version: 'รุ่น',
    licence: 'สัญญาอนุญาต',
  },
  jobs: (running, waiting) => `กำลังทำ ${running} รออยู่ ${waiting}`,
  space: 'พื้นที่บนดิสก์',
  takes: (size) => `Longhand ใช้ ${size}`,
  free: (free, total) => `ว่าง ${free} จาก ${total}`,
  kinds: {
    recordingsBytes: 'ไฟล์เสียง',
    modelsBytes: 'โมเดล',
    jobFilesBytes: 'ไฟล์งานและข้อความ',
    databaseBytes: 'ฐานข้อมูล',
    backupsBytes: 'ข้อมูลสำรอง',
    logsBytes: 'บันทึกการทำงาน',
  },
  retention: 'ระยะเวลาที่เก็บ',
  retentionAbout: 'ไฟล์เสียงและข้อความจะถูกเก็บไว้จนกว่าคุณจะลบ',
  backups: 'ข้อมูลสำรองของฐานข้อมูล',
  backupsAbout:
    'สำรองทุกวันและก่อนอัปเดตทุกครั้ง พร้อมตรวจสอบ เก็บเจ็ดชุดล่าสุด ประกอบด้วยข้อความ การตั้งค่าของงาน และประวัติ ส่วนไฟล์เสียงเป็นไฟล์แยกต่างหาก',
  backUp: 'สำรองตอนนี้',
  made: (name) => `สำรองและตรวจสอบแล้ว: ${name}`,
  noBackups: 'ยังไม่มีข้อมูลสำรอง',
  noBackupsAbout: 'ชุดแรกจะถูกสร้างภายในหนึ่งวัน หรือสร้างตอนนี้ก็ได้',
  verified: 'ตรวจแล้ว',
  unverified: 'ไม่สมบูรณ์',
  restore: 'วิธีกู้คืน',
  restoreAbout: 'บนเครื่องนั้น: หยุดระบบ นำข้อมูลสำรองมาแทนฐานข้อมูล แล้วเริ่มใหม่',
  aboutText:
    'Longhand แปลงเสียงเป็นข้อความบนเครื่องของคุณเอง และไม่ทำไฟล์เสียงหาย สิ่งที่คุณบันทึกจะไม่ออกจากเครื่อง เว้นแต่คุณเลือกใช้เซิร์ฟเวอร์',
  docs: 'API สำหรับอ่านและทดลอง',
  metrics: 'ตัวเลขสำหรับเฝ้าดูระบบ',
};

export default th;
