export { quickProblem as checkDatabase } from './damage.ts';
