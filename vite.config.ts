import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: './', // served from any path, and from a zip
  plugins: [react()],
  worker: { format: 'es' },
  build: { target: 'es2022', manifest: true }, // .scripts/size.mjs reads the manifest
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', '.scripts/*.test.mjs'],
    environment: 'node',
    maxWorkers: '100%', // one less than there are cores otherwise: half of a machine with two
    setupFiles: ['src/testing/property-tests.ts'],
    reporters: ['default'],
  },
});
