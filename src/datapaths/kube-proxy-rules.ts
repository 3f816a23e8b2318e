/**
 * The nat and filter rules kube-proxy writes in iptables mode (kubernetes: pkg/proxy/iptables/proxier.go): one rule a
 * service port in KUBE-SERVICES, walked from the top by the first packet of each connection; then a chain per service
 * and one per endpoint, which does the DNAT.
 */
export interface ServicePort {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly endpoint: { readonly address: string; readonly port: number };
}

const MASQUERADE_MARK = '0x4000/0x4000';

/** `others` services stand in front of `ours`, as they would in a cluster of that size. */
export function kubeProxyRules(ours: readonly ServicePort[], others: number): string {
  const services = [...Array.from({ length: others }, (_, index) => otherService(index)), ...ours];
  const nat = [
    '*nat',
    ':KUBE-SERVICES - [0:0]',
    ':KUBE-POSTROUTING - [0:0]',
    ':KUBE-MARK-MASQ - [0:0]',
    ...services.flatMap((service) => [`:${serviceChain(service)} - [0:0]`, `:${endpointChain(service)} - [0:0]`]),
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    `-A KUBE-POSTROUTING -m mark ! --mark ${MASQUERADE_MARK} -j RETURN`,
    '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
    '-A KUBE-POSTROUTING -j MASQUERADE --random-fully',
    '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    ...services.flatMap((service) => rulesOf(service)),
    'COMMIT',
  ];
  const filter = [
    '*filter',
    ':KUBE-FORWARD - [0:0]',
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    `-A KUBE-FORWARD -m mark --mark ${MASQUERADE_MARK} -j ACCEPT`,
    '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'COMMIT',
  ];
  return [...nat, ...filter, ''].join('\n');
}

export function endpointChain(service: ServicePort): string {
  return `KUBE-SEP-${service.name}`;
}

function serviceChain(service: ServicePort): string {
  return `KUBE-SVC-${service.name}`;
}

function rulesOf(service: ServicePort): string[] {
  const match = `-d ${service.address}/32 -p tcp -m comment --comment "default/${service.name}" -m tcp --dport ${service.port}`;
  const comment = `-m comment --comment "default/${service.name}"`;
  return [
    `-A KUBE-SERVICES ${match} -j ${serviceChain(service)}`,
    `-A ${serviceChain(service)} ! -s 10.77.0.0/16 -d ${service.address}/32 -p tcp ${comment} -m tcp --dport ${service.port} -j KUBE-MARK-MASQ`,
    `-A ${serviceChain(service)} ${comment} -j ${endpointChain(service)}`,
    `-A ${endpointChain(service)} -s ${service.endpoint.address}/32 ${comment} -j KUBE-MARK-MASQ`,
    `-A ${endpointChain(service)} -p tcp ${comment} -m tcp -j DNAT --to-destination ${service.endpoint.address}:${service.endpoint.port}`,
  ];
}

/** 10.97.0.0/16 holds 65,536 of them. */
function otherService(index: number): ServicePort {
  return {
    name: `OTHER${String(index).padStart(6, '0')}`,
    address: `10.97.${index >> 8}.${index & 255}`,
    port: 80,
    endpoint: { address: `10.98.${index >> 8}.${index & 255}`, port: 8080 },
  };
}
