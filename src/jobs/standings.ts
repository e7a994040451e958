/** Where jobs stand, asked of many at once. */
export { type JobStanding, jobStandings } from '../store/job-standings.ts';
