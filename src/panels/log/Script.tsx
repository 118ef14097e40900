import { Console } from './Console';
import { ScriptLog } from './ScriptLog';

/** What has been done, and a line to go on with. */
export const Script = () => (
  <>
    <ScriptLog />
    <Console />
  </>
);
