/**
 * Which formats are recordings: the names that ffmpeg gives them (`ffmpeg -demuxers`), for its `format_whitelist`
 * (ffmpeg-formats(1)). Whatever is not named is refused before anything of it is read: formats that open further files or
 * addresses (playlists, lists of files, image sequences), devices, scripts, pictures, subtitles, and those of games, whose
 * readers hardly anybody looks after. Names that an ffmpeg does not know do no harm.
 */

const SOUND =
  'aa aac ac3 act aiff alaw amr amrnb amrwb ape au avr bit caf codec2 daud dss dts dtshd eac3 epaf flac g722 ' +
  'g723_1 g726 g726le g729 gsm iff ilbc ircam latm loas mlp mmf mp3 mpc mpc8 mulaw nistsphere nsp ogg oma osq paf pvf ' +
  'qcp rka rso sbc sds shn sln sox spdif tak truehd tta voc vqf w64 wav wsd wv xwma';
const FILM =
  '3g2 asf asf_o av1 avi dhav dv flv gxf h261 h263 h264 hevc ivf ivr live_flv m4v matroska mj2 mov mp4 mpeg mpegts ' +
  'mpegvideo mtv mxf nsv nut nuv obu pva rm ty vc1 vivo vvc webm wtv';

/** As ffmpeg takes it. */
export const RECORDING_FORMATS = `${SOUND} ${FILM}`.replaceAll(' ', ',');

/** They name other files or addresses, from which the sound would come. */
const LISTS = /^(hls|applehttp|concat|dash|webm_dash_manifest|imf|sdp|rtp|rtsp|sap)$/;
const PICTURES = /^(\w+_pipe|image2|image2pipe|apng|gif|webp|ico|xbin|psd|fits|dds|svg)$/;

/**
 * What a file of a format that is no recording is, as the end of a sentence.
 * @param format as ffmpeg names it; of several names the first
 */
export function whatElse(format: string): string {
  if (LISTS.test(format)) return 'is a playlist or a list of other files, not a recording';
  if (PICTURES.test(format)) return 'is a picture, not a recording';
  return `is no recording (ffmpeg takes it for "${format}")`;
}
