import { type FactoryProvider, Module } from '@nestjs/common';
import { Config } from '#config';
import { Keyring, StateSigner, findLocalKeys } from '#secrets';

/** In embedded mode the key is a file of the service: the keyring reads it again when a value was encrypted with a newer key. */
function createKeyring({ dataDir, encryptionKey, localSecrets, olderEncryptionKeys }: Config): Keyring {
  if (!localSecrets.encryptionKey) return new Keyring(encryptionKey, olderEncryptionKeys);
  return new Keyring(encryptionKey, olderEncryptionKeys, () => {
    const keys = findLocalKeys(dataDir);
    return keys && { ...keys, older: [...olderEncryptionKeys, ...keys.older] };
  });
}

const keyring: FactoryProvider<Keyring> = { provide: Keyring, inject: [Config], useFactory: createKeyring };

const stateSigner: FactoryProvider<StateSigner> = {
  provide: StateSigner,
  inject: [Config],
  useFactory: ({ encryptionKey }: Config) => new StateSigner(encryptionKey),
};

/** Provides {@link Keyring} and {@link StateSigner} from {@link Config}; `libs/secrets` itself does not use Nest. */
@Module({ providers: [keyring, stateSigner], exports: [Keyring, StateSigner] })
export class SecretsModule {}
