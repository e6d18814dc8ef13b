import type { Config } from '#config';
import { type FieldProblem, InvalidInputError } from '#domain';
import { type Finding, InstallationChecks, InstallationChecksModule, SyncModule, SystemChecks, explainDatabaseFailure } from '#sync';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../output/exit-code.js';
import { type CommandResult, count } from '../output/result.js';
import { type OutputStream, paint, toPrintable } from '../output/terminal.js';
import { withModule } from './with-sync.js';

const LEVELS = ['error', 'warning', 'ok'] as const;
const labels = { error: 'ERROR', warning: 'WARN', ok: 'ok' } as const;
const tones = { error: 'bad', warning: 'attention', ok: 'good' } as const;

const toConfigurationFinding = (subject: string, { message, remedy }: { message: string; remedy: string | null }): Finding => ({
  check: 'configuration',
  level: remedy === null ? 'ok' : 'error',
  subject,
  message,
  remedy,
});

const toDataDirFinding = (subject: string, message: string): Finding => ({
  check: 'data_dir',
  level: 'error',
  subject,
  message,
  remedy: 'Let the user of the service read and write it, or set DATA_DIR to another folder.',
});

const toProblem = ({ field, problem }: FieldProblem): Finding =>
  field === 'DATA_DIR'
    ? toDataDirFinding(field, `${field} ${problem}`)
    : toConfigurationFinding(field, { message: `${field} ${problem}`, remedy: `Correct ${field}; .env.example describes it.` });

const toFileProblem = (error: unknown): Finding | undefined => {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) return undefined;
  return toDataDirFinding(path, `${path} cannot be used (${code})`);
};

/** Reads the configuration, or says what is wrong with it. */
function readConfig(context: CommandContext): { readonly config?: Config; readonly findings: readonly Finding[] } {
  try {
    const config = context.loadConfig();
    return { config, findings: [{ check: 'configuration', level: 'ok', subject: null, message: 'Every variable is valid', remedy: null }] };
  } catch (error) {
    if (error instanceof InvalidInputError) {
      const fields = error.fields.length > 0 ? error.fields : [{ field: 'DATA_DIR', problem: `is damaged: ${error.message}` }];
      return { findings: fields.map(toProblem) };
    }
    const problem = toFileProblem(error);
    if (!problem) throw error;
    return { findings: [problem] };
  }
}

function checkVariables(context: CommandContext): Finding[] {
  return context.findUnknownVariables().map(({ name, meant }) => ({
    check: 'configuration',
    level: 'warning',
    subject: name,
    message: `${name} is no variable of the service and has no effect`,
    remedy: meant === undefined ? `Remove ${name}; .env.example lists the variables.` : `Rename ${name} to ${meant}.`,
  }));
}

/** Runs the checks of the whole installation; with a broken database those that work without one. */
async function checkInstallation({ clock }: CommandContext, config: Config): Promise<readonly Finding[]> {
  try {
    return await withModule({ config, clock, module: SyncModule }, async (session) => (await session.get(SystemChecks).run()).findings);
  } catch (error) {
    const others = await withModule({ config, clock, module: InstallationChecksModule }, (session) =>
      session.get(InstallationChecks).run(),
    );
    return [explainDatabaseFailure(error, config), ...others];
  }
}

function toLines(stream: OutputStream, findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, level, subject, message, remedy }) => {
    const about = subject === null || message.includes(subject) ? '' : ` [${subject}]`;
    const line = `${paint(stream, tones[level], labels[level].padEnd(5))}  ${check.padEnd(width)}  ${toPrintable(message + about)}`;
    return remedy === null ? [line] : [line, `${' '.repeat(width + 9)}What to do: ${toPrintable(remedy)}`];
  });
}

function summarise(findings: readonly Finding[]): string {
  const ofLevel = (level: Finding['level']) => findings.filter((each) => each.level === level).length;
  const [errors, warnings] = [ofLevel('error'), ofLevel('warning')];
  return errors + warnings === 0 ? 'Nothing is wrong.' : `${count(errors, 'error')}, ${count(warnings, 'warning')}.`;
}

/** Finds what is wrong with the installation. The exit code is 1 with an error or a warning. */
export async function runDoctor(context: CommandContext): Promise<CommandResult> {
  const { config, findings: ofConfig } = readConfig(context);
  const found = [...ofConfig, ...(config ? [...checkVariables(context), ...(await checkInstallation(context, config))] : [])];
  const findings = LEVELS.flatMap((level) => found.filter((each) => each.level === level));
  return {
    document: { findings },
    toLines: (stream) => [...toLines(stream, findings), summarise(findings)],
    exitCode: findings.some(({ level }) => level !== 'ok') ? exitCodes.failed : exitCodes.done,
  };
}
