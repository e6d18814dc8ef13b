import { defineConfig } from 'vite';

/** Relative URLs: the console works under any path of a proxy. The server replaces the mark with a nonce. */
export default defineConfig({
  base: './',
  html: { cspNonce: '%NONCE%' },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 1_000,
  },
});
