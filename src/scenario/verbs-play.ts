import {
  address,
  buffer,
  atOnce,
  bdf,
  choice,
  defineVerb,
  flag,
  number,
  option,
  param,
  task,
  word,
  type VerbSpec,
} from './verb-spec';

/** What devices do, and how a script plays it: tasks, failures, places and words. */
export const PLAY_VERBS: readonly VerbSpec[] = [
  defineVerb('dma', 'dma 01:00.0 write 0x100040 64', 'the device reads or writes memory, through the IOMMU', {
    ...atOnce,
    params: [
      param('bdf', bdf, 'the device'),
      param('access', choice('read', 'write'), 'which way'),
      param('iova', address, 'the address it uses: a number, or the name of a DMA address'),
      param('length', number, 'bytes'),
    ],
    options: [
      option('in', buffer, 'the buffer that its first byte must reach'),
      option('pasid', number, 'the PASID of its requests; none unless said'),
    ],
  }),
  defineVerb(
    'begin',
    't1 = begin REPLACE dev hwpt2',
    'starts an action as a task, stopped before its first lock',
    {
      begins: false,
      naming: 'must',
      makes: 'task',
      params: [param('action', { kind: 'action' }, 'what it does, as a line of its own')],
    },
  ),
  defineVerb('step', 'step t1 until=igroup->lock', 'moves a task on: past one lock event, or further', {
    begins: false,
    params: [
      param('task', task, 'made by begin'),
      param('count', number, 'events; one unless said', 'optional'),
    ],
    options: [option('until', word, 'the lock that it is to take')],
    flags: [flag('timeout', 'the time of what it waits for is up')],
  }),
  defineVerb('finish', 'finish t1', 'runs a task to its end and says how it ended', {
    begins: false,
    params: [param('task', task, 'made by begin')],
  }),
  defineVerb('fail-nth', 'fail-nth 3', 'makes the n-th allocation of the next line fail', {
    ...atOnce,
    params: [param('n', number, 'which, counted from 1')],
  }),
  defineVerb('place', 'place hwpt 420 160', 'where something stands on the canvas', {
    ...atOnce,
    params: [
      param('what', { kind: 'thing' }, 'a name, a PCI address or an id'),
      param('x', { kind: 'coordinate' }, 'pixels from the left'),
      param('y', { kind: 'coordinate' }, 'pixels from the top'),
    ],
  }),
  defineVerb('note', 'note "Two functions share a group"', 'a sentence shown beside the scene', {
    ...atOnce,
    params: [param('text', { kind: 'text' }, 'the sentence')],
  }),
];
