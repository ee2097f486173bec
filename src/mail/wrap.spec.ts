import { describe, expect, it } from '@jest/globals';
import { displayWidth, joinLines, wrap } from './wrap.js';

describe('wrap', () => {
  it('breaks at spaces and leaves what has none whole', () => {
    expect(wrap('one two three four', 9)).toBe('one two\nthree\nfour');
    expect(wrap('see https://regrant.example/a-long-address now', 10)).toBe(
      'see\nhttps://regrant.example/a-long-address\nnow',
    );
  });

  it('counts wide characters twice and breaks between them, but not before punctuation', () => {
    expect(displayWidth('あa')).toBe(3);
    expect(wrap('更新してください。', 8)).toBe('更新して\nくださ\nい。');
    expect(wrap('「更新」を押す', 6)).toBe('「更\n新」を\n押す');
  });

  it('keeps a non-breaking space together', () => {
    expect(wrap('aaaa bbbb\u00a0:', 8)).toBe('aaaa\nbbbb\u00a0:');
  });
});

describe('joinLines', () => {
  it('puts a space between words and none between characters of Japanese', () => {
    expect(joinLines(['one', 'two'])).toBe('one two');
    expect(joinLines(['更新', '期限'])).toBe('更新期限');
  });
});
