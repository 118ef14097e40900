import { useCallback } from 'react';
import type { UnitView } from '../../engine/hw/common/view';
import type { IommuObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { useReading } from '../shared/use-reading';
import { all } from '../shared/words';

/** The IOMMU that is selected; all of them where none is. */
export function useUnits(): readonly IommuObject[] {
  const objects = useApp((state) => state.objects);
  const selection = useApp((state) => state.selection);
  const units = all(objects, 'iommu');
  const chosen = units.filter((unit) => unit.id === selection);
  return chosen.length > 0 ? chosen : units;
}

/** What a unit holds now; undefined while it is read. */
export function useHardware(unitId: WorldId): UnitView | null | undefined {
  const readHardware = useApp((state) => state.actions.readHardware);
  return useReading(useCallback(() => readHardware(unitId), [readHardware, unitId]));
}
