import type { SameWords } from '../../../words/catalogue.ts';
import type en from './words.en.ts';

const th: SameWords<typeof en> = {
  recording: 'กำลังอัดเสียง',
  recordingPaused: 'หยุดชั่วคราว',
  recordPause: 'หยุดชั่วคราว',
  recordGoOn: 'อัดต่อ',
  recordStop: 'หยุด',
  recordCancel: 'ยกเลิก',
  recordUse: 'ใช้เสียงนี้',
  recordDiscard: 'ทิ้ง',
  recordListen: 'ฟังก่อนส่ง',
  recordKept: 'เบราว์เซอร์เก็บเสียงไว้ขณะที่คุณพูด แม้แท็บหยุดทำงานก็ไม่สูญหาย',
  recordNotKept: 'เบราว์เซอร์นี้เก็บเสียงไว้ไม่ได้ อย่าปิดหน้านี้จนกว่าจะส่งเสร็จ',
  level: 'ความดังของไมโครโฟน',
  quiet: 'ไม่ได้ยินเสียง เลือกไมโครโฟนถูกตัวหรือไม่',
  noMicrophone: 'ไม่มีไมโครโฟน หรือเบราว์เซอร์ไม่ได้รับอนุญาตให้ใช้',
  noMicrophoneRemedy: 'ต่อไมโครโฟน หรืออนุญาตข้างแถบที่อยู่ของหน้านี้ แล้วลองอีกครั้ง',
  insecure: 'เบราว์เซอร์อัดเสียงได้เฉพาะเมื่อการเชื่อมต่อปลอดภัย',
  insecureRemedy: 'เปิด Longhand ผ่าน https หรือบนเครื่องนั้นเองที่ http://localhost',
  recordTry: 'ลองอีกครั้ง',
  recordedName: (when) => `เสียงที่อัด ${when}`,
  draftsTitle: 'ยังไม่ได้ส่ง',
  draft: (when, length) => `เสียงที่อัดเมื่อ ${when} ยาว ${length}`,
  draftAbout: 'อัดที่นี่และยังไม่ได้ส่ง',
  discardTitle: 'ทิ้งเสียงที่อัดนี้หรือไม่',
  discardAbout: (length) => `เสียง ${length} จะหายไปและไม่มีสำเนาอื่น`,
};

export default th;
