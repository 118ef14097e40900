/** What the gallery says around its scenes. */
export const GALLERY = {
  title: 'Scenes',
  description: 'Each is a script: open it, play it, change it. Undo brings back what you had.',
  search: 'Search scenes',
  placeholder: 'Search: a word, a row such as E4, a verb, an errno, a fault',
  difficulty: 'Difficulty',
  any: 'All',
  tag: 'Tag',
  anyTag: 'Any tag',
  nothing: 'Nothing has these words.',
  found: (count: number): string => (count === 1 ? '1 found' : `${count} found`),
  lessons: 'Learn, step by step',
  lessonsSay:
    'A machine, a story, and things to bring about yourself. What you have done in them is kept in this browser.',
  shelves: {
    iommus: [
      'Four real IOMMUs',
      'What the hardware reads, keeps and reports: tables, caches, queues and faults of each vendor, in the words of its document, and what the kernel prints.',
    ],
    traffic: [
      'While the card is busy',
      'Traffic that goes on while the kernel moves a device from one table to another: which accesses are blocked, and at what; and how a ring and a random reader use the IOTLB.',
    ],
    groups: [
      'Whose group is it, and why',
      'Which devices Linux keeps together, the registers that decide, and DMA that shows whether they are right: bridges, switches, functions, quirks, and the kernel’s command line.',
    ],
    threads: [
      'Five threads, row by row',
      'What developers of the kernel asked each other on its mailing lists, and what it does today: one small scene a question, with notes, and lines that check every answer.',
    ],
  },
} as const;
