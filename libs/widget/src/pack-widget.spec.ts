import { describe, expect, it } from '@jest/globals';
import { strFromU8, unzipSync } from 'fflate';
import { packWidget } from './pack-widget.js';

const files = {
  'script.js': Buffer.from("const SERVICE_URL = '%SERVICE_URL%';"),
  'images/b.png': Buffer.from([1, 2, 3]),
  'images/a.png': Buffer.from([4]),
};

describe('packWidget', () => {
  it('puts the URL of the service into the script, without a slash at its end', () => {
    const script = unzipSync(packWidget(files, 'https://sync.example.org/'))['script.js'];
    expect(strFromU8(script ?? new Uint8Array())).toBe("const SERVICE_URL = 'https://sync.example.org';");
  });

  it('gives equal bytes for equal files in any order', () => {
    const reversed = Object.fromEntries(Object.entries(files).reverse());
    expect(packWidget(reversed, 'https://a.example')).toEqual(packWidget(files, 'https://a.example'));
    expect(Object.keys(unzipSync(packWidget(files, 'https://a.example')))).toEqual(['images/a.png', 'images/b.png', 'script.js']);
  });
});
