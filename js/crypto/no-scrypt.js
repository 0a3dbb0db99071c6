// In place of scrypt: a page never opens or writes a file under a passphrase.

/** @returns {never} */
export function scrypt() {
  throw new Error("no passphrase is used here");
}
