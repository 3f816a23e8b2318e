/** A certificate authority for one deployment and SPIFFE identities for its pods, made by openssl, valid for a day. */
import type { LabSite } from '../../model/contracts/lab-site.ts';

const SPIFFE_PREFIX = 'spiffe://cluster.local/ns/default/sa/';

/** A new P-256 key and a certificate for it. */
const ISSUE = 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /O=meshtax'.split(' ') as [
  string,
  ...string[],
];
const LEAF = '-addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth,clientAuth'.split(' ');

interface Pod {
  readonly name: string;
  readonly directory: string;
}

/** Writes ca.pem, cert.pem and key.pem into each directory; the authority's key never reaches a proxy. */
export async function issueCertificates(site: LabSite, pods: readonly Pod[]): Promise<void> {
  const authority = await site.directory('authority');
  const ca = `${authority}/ca.pem`;
  const caKey = `${authority}/ca.key`;
  await site.run([...ISSUE, '-keyout', caKey, '-out', ca]);
  for (const { name, directory } of pods) {
    const identity = `subjectAltName=critical,URI:${SPIFFE_PREFIX}${name}`;
    const files = { key: `${directory}/key.pem`, certificate: `${directory}/cert.pem`, ca: `${directory}/ca.pem` };
    await site.run([...ISSUE, ...LEAF, '-addext', identity, '-CA', ca, '-CAkey', caKey, '-keyout', files.key, '-out', files.certificate]);
    await site.files.writeText(files.ca, await site.files.readText(ca));
  }
}
