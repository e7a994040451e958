import type { SameWords } from '../../../words/catalogue.ts';
import type en from './words.en.ts';

const th: SameWords<typeof en> = {
  noEngine: 'Longhand ยังไม่มีตัวรู้จำเสียงพูด',
  noEngineAbout: 'ยังแปลงเสียงเป็นข้อความไม่ได้จนกว่าจะมี',
  noEngineAsk: 'ขอให้ผู้ดูแล Longhand นี้ติดตั้งให้',
  install: (model, size) => `ติดตั้งโมเดล ${model} (${size})`,
  installing: (model) => `กำลังดาวน์โหลดโมเดล ${model}`,
  installed: (model) => `ติดตั้งโมเดล ${model} แล้ว`,
  installStop: 'หยุดดาวน์โหลด',
  installWaits: (why) => `${why} จะลองอีกครั้งเอง`,
  largerModels: 'โมเดลที่ใหญ่กว่าอยู่ในการตั้งค่า',
};

export default th;
