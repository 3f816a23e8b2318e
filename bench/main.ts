/** `npm run bench`: every benchmark of this folder, one after the other. Run it on a quiet machine. */
await import('./known-delay.ts');
