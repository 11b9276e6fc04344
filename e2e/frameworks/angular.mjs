// Angular's own compiler, without its command line: ngc makes JavaScript of the components, and the linker what is left to do in
// Angular's own packages, so that no compiler is in the page (it would need unsafe-eval).
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { transformAsync } from '@babel/core';
import linker from '@angular/compiler-cli/linker/babel';

const here = import.meta.dirname;

/** Compiles the page, with the client module beside it, and gives the directory that Vite builds from. */
export function compile() {
  const work = join(here, 'node_modules', '.angular');
  rmSync(work, { recursive: true, force: true });
  cpSync(join(here, 'angular'), work, { recursive: true });
  cpSync(join(here, '../../spa/app/src/vestibule'), join(work, 'vestibule'), { recursive: true });
  execFileSync(process.execPath, [join(here, 'node_modules/@angular/compiler-cli/bundles/src/bin/ngc.js'), '-p', work], { stdio: ['ignore', 'inherit', 'inherit'] });
  cpSync(join(work, 'index.html'), join(work, 'out', 'index.html'));
  return join(work, 'out');
}

export const link = {
  name: 'angular-linker',
  async transform(code, id) {
    if (!id.includes('/@angular/') || !code.includes('ɵɵngDeclare')) return null;
    return transformAsync(code, { filename: id, plugins: [linker], configFile: false, babelrc: false, compact: false });
  },
};
