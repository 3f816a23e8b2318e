/**
 * A real Kubernetes for tests: the context of MESHTAX_TEST_KUBECONFIG, or one that a kit beside the project starts
 * (MESHTAX_TEST_KIT, default ../shared/k8slab; its programs must have been built once: `build deps kubernetes helm coredns
 * node-image`, about ten minutes). Otherwise the reason why there is none, in words.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { ROOT } from './machine.ts';

export interface RealCluster {
  readonly kubeconfig: string;
  readonly context: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Processes of its API server, where they are on this machine and ours. */
  readonly apiServer: () => readonly number[];
  readonly kubectl: (...args: string[]) => Promise<string>;
  readonly apply: (objects: readonly object[]) => Promise<void>;
  /** Cuts the wire of its last node; returns what mends it. Only where the nodes are ours. */
  readonly sever?: () => Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

const NAME = 'meshtax-test';

export async function realCluster(): Promise<RealCluster | { readonly reason: string }> {
  const given = process.env['MESHTAX_TEST_KUBECONFIG'];
  if (given !== undefined) return clusterAt(given, process.env['PATH'] ?? '', async () => {});
  const kit = process.env['MESHTAX_TEST_KIT'] ?? path.resolve(ROOT, '../shared/k8slab');
  if (!existsSync(`${kit}/up`)) return { reason: 'no MESHTAX_TEST_KUBECONFIG is given and there is no kit that starts a cluster' };
  if (process.getuid?.() !== 0) return { reason: 'the kit that starts a cluster needs root' };
  const home = process.env['K8SLAB_HOME'] ?? `${process.env['HOME']}/.cache/k8slab`;
  const missing = ['kube-apiserver', 'kubelet', 'kubectl', 'helm'].filter((program) => !existsSync(`${home}/bin/${program}`));
  if (missing.length > 0) return { reason: `the kit has not built ${missing.join(', ')} yet` };
  await execa(`${kit}/down`, [NAME], { reject: false });
  const up = await execa(`${kit}/up`, [NAME, '--cni', 'bridge'], { reject: false, all: true, env: { K8SLAB_HOME: home } });
  if (up.exitCode !== 0) throw new Error(`the kit could not start a cluster: ${up.all}`);
  const found = await clusterAt(`${home}/clusters/${NAME}/kubeconfig`, `${home}/bin:${process.env['PATH']}`, async () => {
    await execa(`${kit}/down`, [NAME]);
  });
  const onLastNode = (...args: string[]) => execa(`${kit}/k`, [NAME, 'node', `${NAME}-n2`, ...args], { env: { K8SLAB_HOME: home } });
  const sever = async () => {
    // With the link the kernel forgets its routes: the way out, and the one to the other node's pods.
    const routes = (await onLastNode('ip', 'route', 'show', 'dev', 'eth0')).stdout.split('\n').filter((route) => route.includes('via'));
    await onLastNode('ip', 'link', 'set', 'eth0', 'down');
    return async () => {
      await onLastNode('ip', 'link', 'set', 'eth0', 'up');
      for (const route of routes) await onLastNode('ip', 'route', 'replace', ...route.trim().split(/\s+/), 'dev', 'eth0');
    };
  };
  return { ...found, sever };
}

async function clusterAt(kubeconfig: string, PATH: string, stop: () => Promise<void>): Promise<RealCluster> {
  const environment = { KUBECONFIG: kubeconfig, PATH };
  const kubectl = async (...args: string[]) => (await execa('kubectl', args, { env: environment })).stdout;
  return {
    kubeconfig,
    context: await kubectl('config', 'current-context'),
    environment,
    apiServer,
    kubectl,
    apply: async (objects) => {
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      await execa('kubectl', ['apply', '--filename=-'], { env: environment, input });
    },
    stop,
  };
}

function apiServer(): number[] {
  const root = `/sys/fs/cgroup/pids/k8slab-${NAME}`;
  if (!existsSync(root)) return [];
  const files = (readdirSync(root, { recursive: true }) as string[]).filter((file) => file.endsWith('kube-apiserver.service/cgroup.procs'));
  return files.flatMap((file) => readFileSync(`${root}/${file}`, 'utf8').split('\n').filter(Boolean).map(Number));
}
