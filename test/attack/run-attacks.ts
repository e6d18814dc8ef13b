import { attacks } from './attacks.js';
import { AttackScene } from './attack-scene.js';
import type { Attack, Outcome } from './attack.js';

interface RunOptions {
  readonly only: string | undefined;
  /** The length of the flood. */
  readonly seconds: number;
  readonly print: (line: string) => void;
  readonly onOutcome?: (outcome: Outcome) => void;
}

const PAUSE_MS = 1_000;

async function attempt(scene: AttackScene, attack: Attack, seconds: number): Promise<Outcome> {
  const startedAt = scene.apiStart();
  try {
    const outcome = await attack.run(scene, { seconds });
    const isAlive = scene.apiStart() === startedAt && (await scene.sendHook()).status === 200;
    return isAlive ? outcome : { seen: `${outcome.seen}; THE API DIED`, isOk: false };
  } catch (error) {
    return { seen: `the attack failed: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`, isOk: false };
  } finally {
    scene.closeClients();
  }
}

/**
 * Starts the built service and the emulated vendors, on free ports and in temporary folders, and attacks them. Prints one row of a
 * Markdown table for each attack. Returns the exit code: 1 when one of them reached something.
 */
export async function runAttacks({ only, seconds, print, onOutcome }: RunOptions): Promise<number> {
  const scene = await AttackScene.start();
  let failed = 0;
  try {
    print('| attack | expected | seen | ok |\n| --- | --- | --- | --- |');
    for (const [name, attack] of Object.entries(attacks)) {
      if (only !== undefined && only !== name) continue;
      const outcome = await attempt(scene, attack, seconds);
      const { seen, isOk } = outcome;
      onOutcome?.(outcome);
      print(`| ${attack.id} ${attack.name} (${name}) | ${attack.expected} | ${seen} | ${isOk ? 'yes' : 'NO'} |`);
      if (!isOk) failed += 1;
      await scene.pause(PAUSE_MS);
    }
  } finally {
    await scene.stop();
  }
  print(failed === 0 ? '\nEvery attack was repelled.' : `\n${failed} attacks reached something.`);
  return failed === 0 ? 0 : 1;
}
