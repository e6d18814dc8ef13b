export { type EncryptionKeys, Keyring, parseEncryptionKey } from './keyring.js';
export {
  beginLocalKeyRotation,
  endLocalKeyRotation,
  ensureLocalEncryptionKey,
  ensureLocalOperatorToken,
  ensureLocalSecrets,
  findLocalKeys,
  type LocalSecret,
  parseLocalKeyFiles,
  readLocalKeyFiles,
  replaceLocalKeyFiles,
} from './local-secrets.js';
export { randomToken } from './random-token.js';
export { StateSigner, type StatePayload } from './state-signer.js';
