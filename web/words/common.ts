/** Words that several parts of the page use. */
import type { JobStatus } from '../api-types.ts';
import type { Catalogue } from './catalogue.ts';

const en = {
  status: {
    pending: 'Waiting',
    processing: 'Working',
    retrying: 'Trying again',
    paused: 'Paused',
    completed: 'Done',
    failed: 'Failed',
    cancelled: 'Cancelled',
  } satisfies Record<JobStatus, string>,
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  more: 'More',
  loading: 'Loading …',
  unreachable: 'Longhand does not answer.',
  unreachableRemedy: 'It may be restarting; this is tried again by itself.',
};

export const commonWords: Catalogue<typeof en> = {
  en,
  th: {
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
  },
};
