import { useMemo } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { MachineText } from '../../scenario/what-if/machine-text';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { PEER } from '../../words/panels/groups/why';
import { Phrase } from '../../ui/Phrase';

interface PeerTryProps {
  readonly a: DeviceObject;
  readonly b: DeviceObject;
}

/** The proof: a request of one device with an address of the other’s memory. The wires decide, not the groups. */
export function PeerTry({ a, b }: PeerTryProps) {
  const script = useApp((state) => state.script);
  const act = useApp((state) => state.actions.act);
  const tries = useMemo(() => {
    const machine = new MachineText(script);
    return [
      [a, b],
      [b, a],
    ].flatMap(([from, to]) => {
      if (from === undefined || to === undefined || from.isBridge) return [];
      const bar = machine.find(to.bdf)?.spec.bars[0];
      return bar === undefined ? [] : [{ from, to, line: peerLine(from, bar.start) }];
    });
  }, [script, a, b]);
  if (tries.length === 0) return null;
  return (
    <Section title={PEER.title}>
      <p className="prose">
        <Phrase text={PEER.says} parts={{ override: <code>pcie_acs_override=</code> }} />
      </p>
      <ul className="peer-tries">
        {tries.map(({ from, to, line }) => (
          <li key={from.id}>
            <Button onClick={() => void act([line])} data-tip={line}>
              {PEER.fire(shortBdf(from.bdf), shortBdf(to.bdf))}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const peerLine = (from: DeviceObject, address: bigint): string =>
  `dma ${shortBdf(from.bdf)} write 0x${address.toString(16)} 64`;
