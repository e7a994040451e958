import type { SameWords } from '../../../words/catalogue.ts';
import type en from './option-words.en.ts';

const th: SameWords<typeof en> = {
  options: 'ตัวเลือก',
  engine: 'ตัวรู้จำเสียง',
  engineHint: 'สิ่งที่แปลงเสียงพูดเป็นข้อความ',
  model: 'โมเดล',
  modelHint: 'โมเดลใหญ่ผิดพลาดน้อยกว่าแต่ใช้เวลานานกว่า',
  language: 'ภาษา',
  languageHint: 'ภาษาที่พูดในไฟล์',
  priority: 'ลำดับ',
  priorityHint: 'ตำแหน่งในคิว',
  priorities: { normal: 'ต่อจากไฟล์ที่รออยู่', high: 'ก่อนไฟล์อื่นทั้งหมด', low: 'เมื่อไม่มีไฟล์อื่นรอ' },
  onLeave: 'เมื่อฉันปิดหน้านี้',
  onLeaveHint: 'งานจะเริ่มเมื่อส่งไฟล์ครบแล้ว',
  onLeaves: { set: 'ตามการตั้งค่า', continue: 'ทำต่อ', cancel: 'ยกเลิกถ้าฉันไม่กลับมาภายในหนึ่งนาที' },
  email: 'ส่งอีเมลเมื่อเสร็จ',
  emailHint: 'รวมถึงเมื่อล้มเหลว',
  choose: 'ให้ Longhand เลือก',
  notUsable: (name) => `${name} (ยังไม่พร้อม)`,
};

export default th;
