// One scenario in a process of its own: node bench-one.mjs MODULE FUNCTION INDEX prints what it measured as JSON.
import { pathToFileURL } from 'node:url';

const [file, measure, index] = process.argv.slice(2);
/** Processor time, as limit.c measures: other programs on the machine do not count. */
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const module = await import(pathToFileURL(file).href);
console.log(JSON.stringify(module[measure](now, Number(index))));
