/**
 * Preset dictionary of `s1` links: what scripts are usually made of, so that short scenes need not spell it out.
 *
 * FROZEN. Every link ever shared as `#s1:` is read with these very characters; one changed letter breaks them all. Better
 * words belong in a dictionary of their own with the next version (codec.ts).
 *
 * Deflate reaches near things cheaper than far ones, so the most usual stands last.
 */
export const DICTIONARY_S1 = [
  // Words of lspci's class and device names.
  'Unassigned class Non-Essential Instrumentation Thermal Subsystem Gaussian Mixture Model Crash Log Trace Hub ',
  'Host Bridge/DRAM Registers System Agent Management Engine Interface HECI Controller Shared SRAM SPI Controller ',
  'Serial IO I2C Controller #0 Serial IO UART Controller #1 GSPI Controller Integrated Sensor Hub Neural Accelerator ',
  'Platform Controller Hub Chipset Family 100 Series/C230 Series 200 Series 300 Series 400 Series 500 Series 600 Series ',
  'Sunrise Point Cannon Lake PCH Comet Lake Ice Lake-LP Tiger Lake-LP Alder Lake-P Raptor Lake Meteor Lake Xeon E3-1200 ',
  '6th/7th/8th Gen Core Processor Skylake Kaby Lake Coffee Lake UHD Graphics 630 HD Graphics Iris Xe Graphics ',
  'Thunderbolt 3 NHI Thunderbolt 4 USB4 High Definition Audio Smart Sound Technology cAVS Volume Management Device ',
  'Family 17h-19h Family 15h Starship/Matisse Renoir/Cezanne Rembrandt Phoenix Raphael Data Fabric: Device 18h; Function 0 ',
  'PCIe Dummy Host Bridge Internal PCIe GPP Bridge 0 to bus[E:B] Root Complex IOMMU FCH SMBus Controller FCH LPC Bridge ',
  'FCH SATA Controller [AHCI mode] Platform Security Processor Cryptographic Coprocessor PSPCPP ACP/ACP3X/ACP6x ',
  'Audio Coprocessor HD Audio Controller USB 3.1 xHCI Host Controller USB 3.0 USB 2.0 EHCI Matisse Vega Navi 10 Navi 21 ',
  'Radeon RX GeForce GTX GeForce RTX Quadro Tesla Ellesmere Polaris Wi-Fi 6 AX200 Wireless 8265 Dual Band Wireless-AC ',
  'Gigabit Ethernet Controller 10-Gigabit 82574L 82599ES X550 X710 I210 I211 I219-V I225-V I350 Virtual Function ',
  'MT27800 Family [ConnectX-5] MT28908 Family [ConnectX-6] NetXtreme BCM57416 RTL8111/8168/8411 RTL8125 2.5GbE Controller ',
  'NVMe SSD Controller SM981/PM981/PM983 PM9A1/PM9A3/980PRO SN850 Phison PS5012-E12 MegaRAID SAS-3 SAS2008 PCI-Express ',
  'PEX 8748 48-Lane, 12-Port PCI Express Gen 3 (8 GT/s) Switch ASM1042A ASM1083/1085 PCIe to PCI Bridge ASM1812 ',
  'PCIe Switch Upstream Port Downstream Port PCI Express Root Port #1 PCI Express Root Port #9 PCIe Controller (x16) ',
  'Signal processing controller Communication controller Encryption controller Serial bus controller System peripheral ',
  'Multimedia audio controller Audio device Network controller Display controller 3D controller VGA compatible controller ',
  'Non-Volatile memory controller SATA controller RAID bus controller Ethernet controller USB controller ISA bridge SMBus ',
  'Host bridge PCI bridge ',
  // Vendors.
  'Aquantia Corp. Mellanox Technologies Broadcom Inc. and subsidiaries Broadcom / LSI Qualcomm Atheros MEDIATEK Corp. ',
  'Marvell Technology Group Ltd. Fresco Logic Renesas Technology Corp. VIA Technologies, Inc. Texas Instruments ',
  'JMicron Technology Corp. Sandisk Corp SK hynix Micron Technology Inc Kingston Technology Company, Inc. Phison Electronics ',
  'Corporation Freescale Semiconductor Inc Xilinx Corporation PLX Technology, Inc. ASMedia Technology Inc. ',
  'Red Hat, Inc. Virtio network device Virtio block device QEMU XHCI Host Controller 82G33/G31/P35/P31 Express DRAM ',
  'Controller 82801IB (ICH9) LPC Interface Controller 82574L Gigabit Network Connection 82540EM QEMU PCIe Root port ',
  'Samsung Electronics Co Ltd NVIDIA Corporation Realtek Semiconductor Co., Ltd. Advanced Micro Devices, Inc. [AMD/ATI] ',
  'Advanced Micro Devices, Inc. [AMD] Intel Corporation Device ',
  // Drivers.
  'driver=i801_smbus driver=intel-lpss driver=mei_me driver=intel_pch_thermal driver=skl_uncore driver=k10temp driver=ccp ',
  'driver=piix4_smbus driver=sp5100_tco driver=thunderbolt driver=iwlwifi driver=amdgpu driver=i915 driver=nouveau ',
  'driver=nvidia driver=mlx5_core driver=ixgbe driver=i40e driver=igb driver=igc driver=r8169 driver=virtio-pci driver=ahci ',
  'driver=nvme driver=snd_hda_intel driver=xhci_hcd driver=e1000e driver=vfio-pci driver=pcieport ',
  // Errnos.
  ' ! EPERM ! ENOENT ! ENOMEM ! EFAULT ! EEXIST ! ENODEV ! EINVAL ! ENOSPC ! EOPNOTSUPP ! EADDRINUSE ! EBUSY\n',
  // Lines.
  'machine q35 iommu=none width=39 width=57 iotlb=64x4\n',
  'pci 00:1d.0 downstream-port acs=SV+TB+RR+CR+UF+EC+DT/SV+RR+CR+UF bus=02-02\npci 02:00.0 upstream-port\n',
  'pci 05:00.0 pcie-to-pci\npci 05:00.0 pci-to-pcie\npci 00:1e.0 pci-bridge\npci 01:00.1 legacy-endpoint mf\n',
  'pci 00:00.0 rcec\npci 00:00.0 pci id=1022:1480 class=060000\npci 01:10.0 endpoint vf=01:00.0 group=16\n',
  'pci 00:00.0 rciep id=8086:29c0 class=060000 group=0 "Intel Corporation "\n',
  'pci 00:01.1 root-port id=1022:1483 class=060400 rev=0 bus=01-01 acs=SV+TB+RR+CR+UF mf group=2 driver=pcieport ',
  '"Advanced Micro Devices, Inc. [AMD] PCIe GPP Bridge"\n',
  'pci 0000:00:14.0 rciep class=0c0330\npci 00:1f.0 rciep class=060100 rev=2 mf group=9\npci 00:1f.3 rciep class=0c0500\n',
  'pci 03:00.0 endpoint id=144d:a808 class=010802 group=14 driver=nvme "Samsung Electronics Co Ltd NVMe SSD Controller "\n',
  'pci 02:00.0 endpoint id=10de:1b80 class=030000 rev=161 mf group=13 driver=nouveau "NVIDIA Corporation "\n',
  'pci 02:00.1 endpoint id=10de:10f0 class=040300 rev=161 mf group=13 driver=snd_hda_intel "NVIDIA Corporation "\n',
  'pci 01:00.0 endpoint id=8086:10d3 class=020000 driver=e1000e "Intel Corporation 82574L Gigabit Network Connection"\n',
  'boot\nnote "\nplace dev:0000:01:00.0 100 100\nplace ioas 420 160\nplace hwpt 300 200\nplace ctx 640 320\n',
  'IOAS_IOVA_RANGES ioas\nIOAS_ALLOW_IOVAS ioas 0x0-0xffffffff\nIOAS_COPY ioas2 ioas src=0x100000 len=2M rw\n',
  'hwpt2 = HWPT_ALLOC dev ioas nest-parent dirty\nREPLACE dev ioas2\nDETACH dev\nUNBIND dev\nDESTROY hwpt\nclose ctx\n',
  'IOAS_UNMAP ioas iova=0x100000 len=4K\nIOAS_UNMAP ioas all\nIOAS_MAP ioas buf offset=0x1000 iova=0x200000 len=4K r\n',
  'dma 01:00.0 read 0x100000 64\n',
  'machine q35 iommu=vtd\npci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF\npci 01:00.0 endpoint driver=e1000e\n',
  'driver 01:00.0 vfio-pci\nctx = open /dev/iommu\nioas = IOAS_ALLOC ctx\ndev = BIND ctx 01:00.0\n',
  'hwpt = ATTACH dev ioas\nbuf = mmap qemu 2M pages=4K\nIOAS_MAP ioas buf iova=0x100000 len=2M rw\n',
  'dma 01:00.0 write 0x100040 64\n',
].join('');
