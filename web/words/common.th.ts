import type { SameWords } from './catalogue.ts';
import type en from './common.en.ts';

const th: SameWords<typeof en> = {
  status: {
    pending: 'รออยู่',
    processing: 'กำลังทำงาน',
    retrying: 'กำลังลองใหม่',
    paused: 'หยุดพัก',
    completed: 'เสร็จแล้ว',
    failed: 'ล้มเหลว',
    cancelled: 'ยกเลิกแล้ว',
  },
  close: 'ปิด',
  cancel: 'ยกเลิก',
  save: 'บันทึก',
  more: 'เพิ่มเติม',
  loading: 'กำลังโหลด …',
  unreachable: 'Longhand ไม่ตอบสนอง',
  unreachableRemedy: 'อาจกำลังเริ่มใหม่ ระบบจะลองอีกครั้งเอง',
};

export default th;
