/** Calibration in the lab: the truth server on the last CPU, generators and other tools on the first. */
import type { Bench } from '../../model/contracts/cluster.ts';
import type { Component } from '../../model/contracts/deployment.ts';
import { MeshtaxError } from '../../model/errors.ts';
import { startComponent, type StartedComponent } from './component.ts';
import { findCompiled, meterPrograms } from './compiled.ts';
import { CGROUP_ROOT } from './names.ts';
import { findTool } from './requirements.ts';
import type { LabSetting } from './session.ts';

const TOOL_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 30_000;
const GENERATOR_CPU = 0;

export function labBench(lab: LabSetting, netns: string): Bench {
  const { system, cgroups, run, logDirectory } = lab;
  const place = (name: string) => ({ cgroupPath: `${CGROUP_ROOT}/${run}/${name}`, netns, logFile: `${logDirectory}/${name}.log` });
  const cpuNs = async ({ cgroup: { cpu } }: Component) => {
    const text = await system.files.readText(cpu.file);
    return cpu.format === 'cpuacct.usage' ? Number(text.trim()) : Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) * 1000;
  };
  return {
    cpuNs,
    async startTruthServer(args, undo) {
      const program = `${await findCompiled(system, meterPrograms)}/truth-server`;
      const lines: string[] = [];
      let onDot: (() => void) | undefined;
      const name = `truth-${system.randomId(4)}`;
      const command = ['taskset', '-c', String(system.host.cpuCount - 1), program, ...args] as [string, ...string[]];
      const onLine = (line: string) => (line === '.' ? onDot?.() : void lines.push(line));
      const server = await startComponent(system, cgroups, { role: 'meter', name, ...place(name), command, onLine }, undo);
      const port = await firstLine(lines, server, system.clock);
      return {
        dial: { enter: [], host: '127.0.0.1', port },
        async takeRecord() {
          lines.length = 0;
          await new Promise<void>((resolve, reject) => {
            const timer = setTimeout(
              () => reject(new MeshtaxError('MT3009', { command: 'truth-server', problem: 'no record came' })),
              ANSWER_TIMEOUT_MS,
            );
            onDot = () => (clearTimeout(timer), resolve());
            server.process.writeLine('record');
          });
          return lines.splice(0).map(Number);
        },
      };
    },
    async runTool(command, undo) {
      const [tool, ...args] = command;
      const binary = await findTool(system, tool);
      if (binary === undefined) return undefined;
      const lines: string[] = [];
      const name = `tool-${system.randomId(4)}`;
      const pinned = ['taskset', '-c', String(GENERATOR_CPU), binary, ...args] as [string, ...string[]];
      const started = await startComponent(
        system,
        cgroups,
        { role: 'meter', name, ...place(name), command: pinned, onLine: (line) => void lines.push(line) },
        undo,
      );
      const timer = setTimeout(() => void started.process.stop(0), TOOL_TIMEOUT_MS);
      await started.process.ended;
      clearTimeout(timer);
      return { stdout: lines.join('\n'), cpuNs: await cpuNs(started) };
    },
    async keepApart(generator) {
      const { process } = generator.component as StartedComponent;
      await system.processes.run(['taskset', '-a', '-c', '-p', String(GENERATOR_CPU), String(process.pid)]);
    },
  };
}

/** Its port. */
async function firstLine(lines: readonly string[], server: StartedComponent, clock: LabSetting['system']['clock']): Promise<number> {
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 20) {
    if (lines[0] !== undefined) return Number(lines[0]);
    if (server.ended() !== undefined) break;
    await clock.sleep(20);
  }
  throw new MeshtaxError('MT3009', { command: 'truth-server', problem: server.ended() ?? 'it never said its port' });
}
