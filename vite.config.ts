import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { embedClient } from './.scripts/embed-client.ts';
import { preloads } from './.scripts/preloads.ts';
import { sharedChunk } from './.scripts/shared-chunk.ts';

export default defineConfig({
  base: './', // served from any path, and from a zip
  // Comes with React Flow's camera, which never blends colours: src/lib/no-colours.ts
  resolve: { alias: { 'd3-color': fileURLToPath(new URL('src/lib/no-colours.ts', import.meta.url)) } },
  plugins: [react(), preloads(), embedClient()],
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
  build: {
    target: 'es2022',
    manifest: true, // .scripts/size.mjs reads it
    rolldownOptions: { output: { codeSplitting: { groups: [sharedChunk()] } } },
  },
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', '.scripts/*.test.mjs'],
    environment: 'node',
    maxWorkers: '100%', // one less than there are cores otherwise: half of a machine with two
    setupFiles: ['src/testing/property-tests.ts'],
    reporters: ['default'],
  },
});
