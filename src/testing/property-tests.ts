import { configureGlobal } from 'fast-check';

// The same draws every day, so that a red run means a change; `npm run test:full` draws anew.
if (process.env['FULL'] !== '1') configureGlobal({ seed: 1 });
