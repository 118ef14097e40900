/** Commands (attach): titles, search words, explanations, and why not. */

export const theKernelWouldRefuse = 'The kernel would refuse';
export const thereIsNoDeviceThatCould = 'There is no device that could be attached.';
export const attachTo = 'Attach to';
export const vfioDeviceAttachIommufdPtConnectFinds =
  'VFIO_DEVICE_ATTACH_IOMMUFD_PT connect wire iommufd_device_attach';
export const replaceWith = 'Replace with';
export const attachVfioDeviceAttachIommufdPtFinds =
  'attach VFIO_DEVICE_ATTACH_IOMMUFD_PT move iommufd_device_replace';
export const itIsNotAttachedThere = 'It is not attached: there is nothing to replace.';
export const detach = 'Detach';
export const vfioDeviceDetachIommufdPtDisconnectFinds = 'VFIO_DEVICE_DETACH_IOMMUFD_PT disconnect';
export const itIsNotAttached = 'It is not attached.';
export const attachAPasid = 'Attach a PASID';
export const pasidIommufdDevicePasidAttachFinds = 'pasid= iommufd_device_pasid_attach';
export const itIsNotBound = 'It is not bound to an iommufd context.';
export const itsPASIDsAreOff = 'Its PASIDs are off.';
export const detachAPasid = 'Detach a PASID';
export const pasidIommufdDevicePasidDetachFinds = 'pasid= iommufd_device_pasid_detach';
export const noPasidOfItIsAttached = 'No PASID of it is attached.';
export const attachADevice = 'Attach a device';
export const replaceConnectFinds = 'replace connect';
export const detachItsDevices = 'Detach its devices';
export const noDeviceIsAttachedToIt = 'No device is attached to it.';
export const aNewIoas = 'a new IOAS';
