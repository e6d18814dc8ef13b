const { readdirSync } = require('node:fs');
const { resolve } = require('node:path');

const libs = resolve(__dirname, '../libs');

/** `#name` means the sources of libs/<name> here, not what was built of them: rules about libs see every import between them. */
module.exports = {
  resolve: {
    alias: {
      ...Object.fromEntries(readdirSync(libs).map((name) => [`#${name}$`, resolve(libs, name, 'src/index.ts')])),
      '#config/embedded-queue$': resolve(libs, 'config/src/embedded-queue.ts'),
    },
  },
};
