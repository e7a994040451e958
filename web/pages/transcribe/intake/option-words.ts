/** What the options are called. */
import type { Catalogue } from '../../../words/catalogue.ts';

const en = {
  options: 'Options',
  engine: 'Engine',
  engineHint: 'What turns speech into text.',
  model: 'Model',
  modelHint: 'Larger models make fewer mistakes and take longer.',
  language: 'Language',
  languageHint: 'What is spoken in the recording.',
  priority: 'Turn',
  priorityHint: 'Where it comes in the queue.',
  priorities: { normal: 'After those that wait', high: 'Before all others', low: 'When nothing else waits' },
  onLeave: 'When I close this page',
  onLeaveHint: 'Work starts once a recording has been sent whole.',
  onLeaves: { set: 'As in the settings', continue: 'Go on', cancel: 'Cancel if I stay away for a minute' },
  email: 'E-mail when it is done',
  emailHint: 'Also when it fails.',
  choose: 'Let Longhand choose',
  notUsable: (name: string) => `${name} (not ready)`,
};

export const optionWords: Catalogue<typeof en> = {
  en,
  th: {
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
  },
};
