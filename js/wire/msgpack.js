// The part of msgpack that the relay's answers and the roll are written in: read only.

/** @typedef {null | boolean | number | string | Uint8Array | unknown[] | Record<string, unknown>} Value */

/**
 * Read one value that fills all bytes.
 *
 * @param {Uint8Array} bytes
 * @returns {any}
 */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;

  /** @param {number} size */
  const uint = (size) => {
    const value = [...bytes.subarray(at, at + size)].reduce((sum, byte) => sum * 256 + byte, 0);
    at += size;
    return value;
  };
  /** @param {number} size */
  const raw = (size) => bytes.subarray(at, (at += size));
  /** @param {number} size */
  const text = (size) => new TextDecoder().decode(raw(size));
  /** @param {number} n */
  const list = (n) => Array.from({ length: n }, value);
  /** @param {number} n */
  const map = (n) => Object.fromEntries(Array.from({ length: n }, () => [value(), value()]));

  /** @returns {any} */
  function value() {
    const mark = view.getUint8(at++);
    if (mark < 0x80) return mark;
    if (mark < 0x90) return map(mark & 15);
    if (mark < 0xa0) return list(mark & 15);
    if (mark < 0xc0) return text(mark & 31);
    if (mark >= 0xe0) return mark - 256;
    switch (mark) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return raw(uint(1 << (mark - 0xc4)));
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return uint(1 << (mark - 0xcc));
      case 0xd0: return (uint(1) << 24) >> 24;
      case 0xd1: return (uint(2) << 16) >> 16;
      case 0xd2: return uint(4) | 0;
      case 0xd9: case 0xda: case 0xdb: return text(uint(1 << (mark - 0xd9)));
      case 0xdc: case 0xdd: return list(uint(2 << (mark - 0xdc)));
      case 0xde: case 0xdf: return map(uint(2 << (mark - 0xde)));
      default: throw new Error("this is no answer of a relay");
    }
  }

  const whole = value();
  if (at !== bytes.length) throw new Error("this is no answer of a relay");
  return whole;
}
