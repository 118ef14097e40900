import { describe, expect, it } from 'vitest';
import { parseScript } from '../scenario/parse';
import { encodeLink } from '../share/link';
import { ScriptRun } from '../testing/run-script';
import { groupShelves } from './groups';
import { iommuShelves } from './iommus';
import { trafficShelves } from './traffic';
import { parseShelfScene, shelvesOf } from './shelves';

it('a scene tells its label and title in its first line', () => {
  const script = '# SMMUv3 2 · A guest\n# tags: viommu\n# difficulty: expert\nmachine m\n';
  expect(parseShelfScene('./iommus/smmu-2-nested.iommu', script)).toEqual({
    id: 'smmu-2-nested',
    label: 'SMMUv3 2',
    title: 'A guest',
    tags: ['viommu'],
    difficulty: 'expert',
    script,
  });
});

it('scenes stand on their shelves, by number and not by letters', () => {
  const files = Object.fromEntries(
    ['VT-d 10', 'VT-d 9', 'RISC-V 1'].map((label) => [label, `# ${label} · it`]),
  );
  const shelves = ['VT-d', 'AMD-Vi', 'RISC-V'].map((word) => ({ word, title: word }));
  const onShelves = shelvesOf(shelves, files).map((shelf) => shelf.scenes.map(({ label }) => label));
  expect(onShelves).toEqual([['VT-d 9', 'VT-d 10'], [], ['RISC-V 1']]);
});

describe('the scenes on shelves', () => {
  const all = [...iommuShelves, ...groupShelves, ...trafficShelves];
  const scenes = all.flatMap((shelf) => shelf.scenes);

  it('are all on a shelf, and none is empty', () => {
    const files = import.meta.glob('./{iommus,groups,traffic}/*.iommu');
    expect(scenes.length).toBe(Object.keys(files).length);
    expect(all.filter((shelf) => shelf.scenes.length < 4)).toEqual([]);
  });

  it('have each a number of their own', () => {
    expect(new Set(scenes.map(({ label }) => label)).size).toBe(scenes.length);
  });

  it.each(scenes)(
    '$id parses, tells what to see, and says of lines what must be so',
    ({ script, id, title }) => {
      const { lines } = parseScript(script);
      expect(title).not.toBe(id);
      expect(lines.flatMap((line) => line.error ?? [])).toEqual([]);
      const statements = lines.flatMap(({ statement }) => statement ?? []);
      expect(statements[0]?.verb).toBe('machine');
      expect(statements.filter(({ verb }) => verb === 'note').length).toBeGreaterThan(2);
      const says = statements.filter(
        ({ verb, expect: expected, args }) =>
          verb.startsWith('expect') ||
          (verb === 'burst' && args.length > 5) ||
          expected !== null ||
          args.some((arg) =>
            arg.kind === 'option'
              ? arg.key === 'in' || arg.key === 'reaches'
              : arg.text === 'is' || arg.text === 'contains',
          ),
      );
      expect(says.length).toBeGreaterThan(3);
    },
  );

  it.each(trafficShelves.flatMap((shelf) => shelf.scenes))(
    '$id plays as it says, and fits a link that chats keep whole',
    ({ script }) => {
      expect(ScriptRun.of(script).wrong).toEqual([]);
      const scene = { script, cursor: null, selection: null, camera: null };
      expect(encodeLink(scene).length).toBeLessThan(2000);
    },
  );

  it('show five lines on four IOMMUs that differ in the machine and in what the kernel says alone', () => {
    const actions = (script: string): string[] =>
      script.split('\n').filter((line) => /^(?:pci|boot|buf|addr|dma)/.test(line));
    const [first, ...others] = iommuShelves[0]!.scenes.map(({ script }) => actions(script));
    expect(others.length).toBe(3);
    for (const other of others) expect(other).toEqual(first);
  });
});
