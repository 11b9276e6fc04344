// Builds one page into a directory: node build.mjs NAME DIRECTORY
import { resolve } from 'node:path';
import { build } from 'vite';
import vue from '@vitejs/plugin-vue';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import * as angular from './angular.mjs';

const [name, out] = process.argv.slice(2);
const root = name === 'angular' ? angular.compile() : resolve(import.meta.dirname, name);
const plugins = { vue: [vue()], svelte: [svelte({ configFile: false })], angular: [angular.link], plain: [] };
// In an app the folder is copied; here it is where it is written.
const copied = {
  name: 'client-module',
  enforce: 'pre',
  resolveId: (id, importer) => (id === './vestibule' && importer?.startsWith(root) ? resolve(import.meta.dirname, '../../spa/app/src/vestibule/index.ts') : null),
};
await build({ root, configFile: false, logLevel: 'warn', plugins: [copied, ...plugins[name]], build: { outDir: out, emptyOutDir: true } });
