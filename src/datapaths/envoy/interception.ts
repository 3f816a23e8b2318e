/**
 * The nat chains that istio-iptables installs in a pod (istio: tools/istio-iptables/pkg/capture, REDIRECT mode, all
 * ports, no exclusions by address). The proxy's own traffic is told by its uid and gid.
 */
export const OUTBOUND_PORT = 15001;
export const INBOUND_PORT = 15006;
const TUNNEL_PORT = 15008;
const EXCLUDED_INBOUND_PORTS = [15090, 15021, 15020];

export function interceptionRules(proxyUid: number): string {
  const own = (kind: 'uid' | 'gid') => [
    `-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -p tcp -m tcp ! --dport ${TUNNEL_PORT} -m owner --${kind}-owner ${proxyUid} -j ISTIO_IN_REDIRECT`,
    `-A ISTIO_OUTPUT -o lo -m owner ! --${kind}-owner ${proxyUid} -j RETURN`,
    `-A ISTIO_OUTPUT -m owner --${kind}-owner ${proxyUid} -j RETURN`,
  ];
  return [
    '*nat',
    ':ISTIO_INBOUND - [0:0]',
    ':ISTIO_REDIRECT - [0:0]',
    ':ISTIO_IN_REDIRECT - [0:0]',
    ':ISTIO_OUTPUT - [0:0]',
    `-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports ${OUTBOUND_PORT}`,
    `-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports ${INBOUND_PORT}`,
    `-A ISTIO_INBOUND -p tcp -m tcp --dport ${TUNNEL_PORT} -j RETURN`,
    ...EXCLUDED_INBOUND_PORTS.map((port) => `-A ISTIO_INBOUND -p tcp -m tcp --dport ${port} -j RETURN`),
    '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
    '-A PREROUTING -p tcp -j ISTIO_INBOUND',
    '-A OUTPUT -j ISTIO_OUTPUT',
    '-A ISTIO_OUTPUT -o lo -s 127.0.0.6/32 -j RETURN',
    ...own('uid'),
    ...own('gid'),
    '-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN',
    '-A ISTIO_OUTPUT -j ISTIO_REDIRECT',
    'COMMIT',
    '',
  ].join('\n');
}
