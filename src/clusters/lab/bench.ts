/** Calibration in the lab: the truth server on the last CPU, generators and other tools on the first. */
import type { Bench } from '../../model/contracts/cluster.ts';
import type { Component } from '../../model/contracts/deployment.ts';
import { parseCgroupCpuNs } from '../../model/cpu-time.ts';
import { WORKER_UID } from '../../model/uids.ts';
import { startComponent, type StartedComponent } from './component.ts';
import { findCompiled, labPrograms } from './compiled.ts';
import { Dialogue } from './dialogue.ts';
import { CGROUP_ROOT } from './names.ts';
import { findTool } from './requirements.ts';
import type { LabSetting } from './session.ts';

const TOOL_TIMEOUT_MS = 60_000;
const GENERATOR_CPU = 0;

export function labBench(lab: LabSetting, netns: string): Bench {
  const { system, cgroups, run, logDirectory } = lab;
  const place = (name: string) => ({ cgroupPath: `${CGROUP_ROOT}/${run}/${name}`, netns, logFile: `${logDirectory}/${name}.log` });
  const cpuNs = async ({ cgroup: own }: Component) =>
    own ? parseCgroupCpuNs(await system.files.readText(own.cpu.file), own.cpu.format) : Number.NaN;
  return {
    cpuNs,
    async startTruthServer(args, undo) {
      const program = `${await findCompiled(system, labPrograms)}/truth-server`;
      const name = `truth-${system.randomId(4)}`;
      const command = [program, ...args] as const;
      const affinity = system.host.cpuCount - 1;
      const server = await Dialogue.with('truth-server', async (onLine) => {
        const { process } = await startComponent(
          system,
          cgroups,
          { role: 'meter', name, ...place(name), command, uid: WORKER_UID, affinity, onLine },
          undo,
        );
        return process;
      });
      return {
        dial: { host: '127.0.0.1', port: Number(server.greeting) },
        takeRecord: async () => (await server.ask('record')).map(Number),
      };
    },
    async runTool(command, undo) {
      const [tool, ...args] = command;
      const binary = await findTool(system, tool);
      if (binary === undefined) return undefined;
      const lines: string[] = [];
      const name = `tool-${system.randomId(4)}`;
      const how = { command: [binary, ...args] as const, uid: WORKER_UID, affinity: GENERATOR_CPU };
      const started = await startComponent(
        system,
        cgroups,
        { role: 'meter', name, ...place(name), ...how, onLine: (line) => void lines.push(line) },
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
