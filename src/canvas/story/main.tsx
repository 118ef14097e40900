import { createRoot } from 'react-dom/client';
import '../../ui/fonts.css';
import '../../ui/tokens.css';
import '../../ui/base.css';
import 'reactflow/dist/base.css';
import '../canvas.css';
import { useApp } from '../../store/index';
import { Canvas } from '../Canvas';
import { desktop, fault, hit, kernelDma, server, walk } from '../testing/worlds';

const params = new URLSearchParams(location.search);
document.documentElement.dataset['theme'] = params.get('theme') ?? 'light';
const n = Number(params.get('n') ?? 0);
useApp.setState((s) => ({
  objects: n > 0 ? { ...server(n), ...(params.has('mix') ? desktop : {}) } : desktop,
  lookups: [walk, hit, fault, kernelDma],
  actions: {
    ...s.actions,
    startConnecting: async (deviceId) => {
      useApp.setState({ connecting: { deviceId, targets: [] } });
      await new Promise((r) => setTimeout(r, 30));
      const base = {
        action: 'replace',
        lines: [],
        rule: null,
        culprit: null,
        errno: null,
        why: null,
      } as const;
      useApp.setState({
        connecting: {
          deviceId,
          targets: [
            { ...base, targetId: 'hwpt:1.7', ok: true },
            { ...base, targetId: 'ioas:1.5', ok: true },
            {
              ...base,
              targetId: 'ioas:1.2',
              ok: false,
              errno: 'EADDRINUSE',
              why: 'a mapped area overlaps the device’s reserved region 0xfee00000–0xfeefffff',
              culprit: 'ioas:1.2',
            },
            {
              ...base,
              targetId: 'hwpt:1.4',
              ok: false,
              errno: 'EINVAL',
              why: 'the device is attached to it already',
            },
          ],
        },
      });
    },
    place: async (id, x, y) => {
      useApp.setState((t) => {
        const o = t.objects[id];
        return o ? { objects: { ...t.objects, [id]: { ...o, place: { x, y } } } } : {};
      });
    },
    connectTo: async (id) => {
      console.log('connectTo', id);
      useApp.setState({ connecting: null });
    },
    detach: async (id) => {
      console.log('detach', id);
    },
  },
}));
Object.assign(window, { useApp });
createRoot(document.getElementById('root') as HTMLElement).render(<Canvas />);
