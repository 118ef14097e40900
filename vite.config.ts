import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { UserConfig } from 'vite';
import { defineConfig } from 'vitest/config';
import { docsSites } from './.scripts/docs-sites.ts';
import { embedClient } from './.scripts/embed-client.ts';
import { embedSite } from './.scripts/embed-site.ts';
import { language } from './.scripts/language.ts';
import { offline } from './.scripts/offline.ts';
import { preloads } from './.scripts/preloads.ts';
import { startChunks } from './.scripts/start-chunks.ts';

/** What holds for the app and for the embed, which is built apart. */
export const site = {
  base: './', // served from any path, and from a zip
  resolve: {
    alias: [
      // Comes with React Flow's camera, which never blends colours: src/lib/no-colours.ts
      { find: 'd3-color', replacement: fileURLToPath(new URL('src/lib/no-colours.ts', import.meta.url)) },
      // What React has had itself since 18.
      { find: /^use-sync-external-store\/shim$/, replacement: 'react' },
    ],
  },
  // The engine is one classic script, which starts from its address and from a blob: src/worker/starter.ts
  worker: { format: 'iife' },
  experimental: {
    // A blob has no address of its own: what the engine reads later lies beside the file that its text came from.
    renderBuiltUrl: (file, { hostType }) =>
      hostType === 'js' && file.endsWith('.gz')
        ? {
            runtime: `(self.engineHome||self.location.href).replace(/[^/]*$/,${JSON.stringify(file.split('/').pop())})`,
          }
        : undefined,
  },
  // Where a browser preloads no modules it loads them a little later.
  build: { target: 'es2022', modulePreload: { polyfill: false } },
} satisfies UserConfig;
/** What its sources need. */
export const sources = () => [react(), language(process.env.WORDS)];
const embed = embedSite(site, sources);

export default defineConfig({
  ...site,
  plugins: [sources(), embed.plugin, preloads(embed.first), embedClient(), docsSites(), offline()],
  build: {
    ...site.build,
    manifest: true, // .scripts/size.mjs reads it
    rolldownOptions: {
      output: { codeSplitting: { groups: startChunks('src/app/open.tsx', 'src/main.tsx') } },
    },
  },
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', '.scripts/*.test.mjs'],
    environment: 'node',
    maxWorkers: '100%', // one less than there are cores otherwise: half of a machine with two
    setupFiles: ['src/testing/property-tests.ts'],
    reporters: ['default'],
  },
});
