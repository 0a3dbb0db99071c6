// What a message in a mailbox looks like, by its kind.
/** @param {any} _b @param {any} _m */
export function messageCard(_b, _m) { return null; }
