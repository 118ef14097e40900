import { describe, expect, it } from 'vitest';
import { find } from '../shared/words';
import { suggestionsFor, withWord } from './cmdline';
import { MACHINE, worldOf } from '../../testing/groups-bench';

describe('the kernel’s command line', () => {
  it('gets a word more; one of the same name goes', () => {
    expect(withWord('', 'iommu=pt')).toBe('iommu=pt');
    expect(withWord('iommu=soft quiet', 'iommu=pt')).toBe('quiet iommu=pt');
    expect(withWord('pci=noats', 'pci=config_acs=x@00:01.0')).toBe('pci=noats pci=config_acs=x@00:01.0');
    expect(withWord('pci=config_acs=0@00:01.0', 'pci=config_acs=1@00:02.0')).toBe('pci=config_acs=1@00:02.0');
  });
  it('keeps the ports that are without redirect already', () => {
    // Linux: drivers/pci/pci.c pci_setup() keeps one string, __pci_config_acs() reads it as a list.
    const word = 'pci=disable_acs_redir=0000:02:01.0;0000:02:02.0';
    expect(withWord('quiet', word)).toBe(`quiet ${word}`);
    expect(withWord('pci=noats,disable_acs_redir=02:01.0,config_acs=x@02:00.0 quiet', word)).toBe(
      'pci=noats,disable_acs_redir=02:01.0;0000:02:02.0,config_acs=x@02:00.0 quiet',
    );
  });
  it('offers what concerns the port above the device', () => {
    const objects = worldOf(MACHINE);
    const words = (bdf: string): readonly string[] =>
      suggestionsFor(objects, find(objects, `dev:0000:${bdf}`, 'device')).map(({ word }) => word);
    expect(words('02:00.0')).toContain('pci=disable_acs_redir=0000:00:02.0');
    // No port with ACS above: nothing to name.
    expect(words('01:00.0')).toEqual([
      'pcie_acs_override=downstream,multifunction',
      'iommu=pt',
      'iommu.strict=1',
    ]);
  });
});
