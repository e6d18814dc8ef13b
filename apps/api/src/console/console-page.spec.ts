import { describe, expect, it } from '@jest/globals';
import { consolePagePolicy, renderConsolePage } from './console-page.js';

describe('the page of the console', () => {
  it('allows no inline script, no other host and no frame', () => {
    const policy = consolePagePolicy('abc');
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('http');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('escapes the public URL', () => {
    const html = '<meta content="%PUBLIC_URL%"><meta content="%READ_ONLY%"><style nonce="%NONCE%">';
    const facts = { nonce: 'n-1', isReadOnly: true, publicUrl: 'https://a.test/"><script>$&' };
    expect(renderConsolePage(html, facts)).toBe(
      '<meta content="https://a.test/&quot;&gt;&lt;script&gt;$&amp;"><meta content="1"><style nonce="n-1">',
    );
  });
});
