// Answers what the tests ask of npm age-encryption and cctv-age, all in one start of node.
// JSON in, JSON out, bytes in base64; conftest.py writes the questions.
import { Decrypter, Encrypter, armor, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import * as vectors from "cctv-age";

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const base64 = (raw) => Buffer.from(raw).toString("base64");
const asked = JSON.parse(await new Promise((resolve) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => resolve(text));
}));

async function seal({ recipients, plaintext }) {
  const encrypter = new Encrypter();
  recipients.forEach((recipient) => encrypter.addRecipient(recipient));
  return base64(await encrypter.encrypt(bytes(plaintext)));
}

async function open({ identity, file }) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return base64(await decrypter.decrypt(bytes(file)));
}

async function sealPassphrase({ passphrase, plaintext }) {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(10);
  return base64(await encrypter.encrypt(bytes(plaintext)));
}

async function openPassphrase({ passphrase, file }) {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return base64(await decrypter.decrypt(bytes(file)));
}

const identity = await generateHybridIdentity();
process.stdout.write(JSON.stringify({
  identity,
  recipient: await identityToRecipient(identity),
  classical: await identityToRecipient(await generateX25519Identity()),
  recipients: await Promise.all(asked.identities.map(identityToRecipient)),
  seal: await Promise.all(asked.seal.map(seal)),
  open: await Promise.all(asked.open.map(open)),
  seal_passphrase: await Promise.all(asked.seal_passphrase.map(sealPassphrase)),
  open_passphrase: await Promise.all(asked.open_passphrase.map(openPassphrase)),
  armor: asked.armor.map((file) => armor.encode(bytes(file))),
  dearmor: asked.dearmor.map((text) => base64(armor.decode(text))),
  vectors: Object.fromEntries(Object.entries(vectors).map(([name, raw]) => [name, base64(raw)])),
}));
