import type { Finding } from '../../model/findings.ts';
import type { System } from '../../model/ports.ts';

export async function examineContext(_system: System, _context: string): Promise<readonly Finding[]> {
  return [];
}
