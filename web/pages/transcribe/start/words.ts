/** What the page says where no engine is ready. */
import type { Catalogue } from '../../../words/catalogue.ts';

const en = {
  noEngine: 'Longhand has no speech recogniser yet',
  noEngineAbout: 'Recordings cannot be turned into text before there is one.',
  noEngineAsk: 'Ask whoever runs this Longhand to install one.',
  install: (model: string, size: string) => `Install the model ${model} (${size})`,
  installing: (model: string) => `Downloading the model ${model}`,
  installed: (model: string) => `The model ${model} is installed.`,
  installStop: 'Stop the download',
  installWaits: (why: string) => `${why} It is tried again by itself.`,
  largerModels: 'Larger models are in the settings.',
};

export const engineWords: Catalogue<typeof en> = {
  en,
  th: {
    noEngine: 'Longhand ยังไม่มีตัวรู้จำเสียงพูด',
    noEngineAbout: 'ยังแปลงเสียงเป็นข้อความไม่ได้จนกว่าจะมี',
    noEngineAsk: 'ขอให้ผู้ดูแล Longhand นี้ติดตั้งให้',
    install: (model, size) => `ติดตั้งโมเดล ${model} (${size})`,
    installing: (model) => `กำลังดาวน์โหลดโมเดล ${model}`,
    installed: (model) => `ติดตั้งโมเดล ${model} แล้ว`,
    installStop: 'หยุดดาวน์โหลด',
    installWaits: (why) => `${why} จะลองอีกครั้งเอง`,
    largerModels: 'โมเดลที่ใหญ่กว่าอยู่ในการตั้งค่า',
  },
};
