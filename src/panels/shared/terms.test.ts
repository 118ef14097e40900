import { expect, test } from 'vitest';
import { TERMS } from './terms';

/**
 * What the kernel's tree has, recorded from v7.1's merge window: titles as the files have them. Specifications have no links;
 * their titles are those of sections, since numbers move.
 */
const KERNEL_DOCUMENTS: Readonly<Record<string, string>> = {
  'userspace-api/iommufd.html': 'IOMMUFD',
  'driver-api/vfio.html': 'VFIO - "Virtual Function I/O"',
  'arch/x86/sva.html': 'Shared Virtual Addressing (SVA) with ENQCMD',
  'filesystems/sysfs.html': 'sysfs - _The_ filesystem for exporting kernel objects',
  'locking/lockdep-design.html': 'Runtime locking correctness validator',
};
const KERNEL_FILES = [
  'Documentation/ABI/testing/sysfs-kernel-iommu_groups',
  'drivers/iommu/dma-iommu.c',
  'drivers/iommu/iommufd/selftest.c',
  'drivers/pci/quirks.c',
  'drivers/pci/search.c',
  'include/linux/iommu.h',
  'include/uapi/linux/iommufd.h',
];
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  'PCI Express Base Specification': [
    'Access Control Services (ACS)',
    'Address Translation Services (ATS)',
    'Header Type Register',
    'MSI and MSI-X Operation',
    'Page Request Services',
    'Process Address Space ID (PASID)',
    'Transaction Descriptor',
  ],
  'Intel VT-d specification': [
    'Caching Translation Information',
    'Fault Logging',
    'Queued Invalidation Interface',
    'Translation Structure Formats',
  ],
  'AMD I/O Virtualization Technology specification': ['Device Table Entry Format'],
  'Arm SMMUv3 specification (IHI 0070)': ['Context Descriptor', 'Stream Table Entry'],
  'RISC-V IOMMU Architecture Specification': ['Device-Directory-Table (DDT)', 'Device-context fields'],
};

const DOCS = 'https://docs.kernel.org/';
const SOURCE = 'https://elixir.bootlin.com/linux/latest/source/';

test.each(Object.entries(TERMS))(
  '%s: one sentence, and a document that there is',
  (_key, { text, document }) => {
    expect(text).toMatch(/^[A-Z].{20,170}\.$/);
    expect(text.match(/\. [A-Z]/g)).toBeNull();
    if (document === null) return;
    const { label, href } = document;
    if (href === null) {
      const [specification = '', title = ''] = label.split(/: (.*)/);
      expect(SECTIONS[specification]).toContain(title);
    } else if (href.startsWith(DOCS)) {
      expect(label).toBe(`Linux: ${KERNEL_DOCUMENTS[href.slice(DOCS.length)] ?? 'no such document'}`);
    } else {
      expect(KERNEL_FILES).toContain(href.slice(SOURCE.length));
      expect(label).toBe(`Linux: ${href.slice(SOURCE.length)}`);
    }
  },
);
