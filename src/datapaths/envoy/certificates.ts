/** A certificate authority for one deployment and SPIFFE identities for its pods, made by openssl, valid for a day. */
import type { LabSite } from '../../model/contracts/lab-site.ts';

export const SPIFFE_PREFIX = 'spiffe://cluster.local/ns/default/sa/';

/** Writes ca.pem, cert.pem and key.pem into each directory; the authority's key never reaches a proxy. */
export async function issueCertificates(
  site: LabSite,
  pods: readonly { readonly name: string; readonly directory: string; readonly uid: number }[],
): Promise<void> {
  const authority = await site.directory('authority');
  const ca = `${authority}/ca.pem`;
  const caKey = `${authority}/ca.key`;
  await site.run([
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/O=meshtax lab',
    '-keyout',
    caKey,
    '-out',
    ca,
  ]);
  for (const pod of pods) {
    const key = `${pod.directory}/key.pem`;
    const certificate = `${pod.directory}/cert.pem`;
    await site.run([
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/O=meshtax lab',
      '-addext',
      `subjectAltName=critical,URI:${SPIFFE_PREFIX}${pod.name}`,
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      '-addext',
      'extendedKeyUsage=serverAuth,clientAuth',
      '-CA',
      ca,
      '-CAkey',
      caKey,
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    await site.files.writeText(`${pod.directory}/ca.pem`, await site.files.readText(ca));
    for (const file of [key, certificate, `${pod.directory}/ca.pem`]) await site.files.changeOwner(file, pod.uid, pod.uid);
  }
}
