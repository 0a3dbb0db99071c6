// In place of the NIST curves, which age's library carries for recipients that are refused here: five kilobytes less on the way
// to a witness. What touches them throws; only their sizes are asked for while the library is loaded.

function refuse() {
  throw new Error("only mlkem768x25519 is used");
}

/** @param {number} size */
function absent(size) {
  return {
    lengths: { secretKey: size, publicKey: size + 1, publicKeyUncompressed: 2 * size + 1, seed: size + size / 2, publicKeyHasPrefix: true },
    Point: { Fn: {} }, keygen: refuse, getPublicKey: refuse, getSharedSecret: refuse,
  };
}

export const p256 = absent(32);
export const p384 = absent(48);
