// What other pages load: `embed/iommu-playground.js`, the element and the client in one module without imports, and its types.
// It is built apart from the site, since a module in two builds would become a chunk that both have to fetch.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { build, type Plugin } from 'vite';
import { language } from './language.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}src/embed/`;
const NAME = 'embed/iommu-playground';

/** Declarations of these, in the order of who needs whom, make one file. */
const TYPED = ['protocol.ts', 'client/connect.ts', 'client/element.ts', 'client/index.ts'];

/** A plug-in: the client is made whenever the site is, and is served from the same place by the development server. */
export function embedClient(): Plugin {
  return {
    name: 'embed-client',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: `${NAME}.js`, source: await bundle() });
      this.emitFile({ type: 'asset', fileName: `${NAME}.d.ts`, source: declarations() });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url?.split('?')[0] !== `/${NAME}.js`) return next();
        bundle().then((code) => {
          response.setHeader('Content-Type', 'text/javascript');
          response.end(code);
        }, next);
      });
    },
  };
}

async function bundle(): Promise<string> {
  const result = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    plugins: [language(process.env.WORDS)],
    build: {
      target: 'es2022',
      write: false,
      lib: { entry: `${folder}client/index.ts`, formats: ['es'] },
      minify: true,
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((each) =>
    'output' in each ? each.output : [],
  );
  const [only, ...others] = outputs.flatMap((each) => (each.type === 'chunk' ? [each] : []));
  if (only === undefined || others.length > 0 || only.imports.length > 0)
    throw new Error('the embed client must be one file');
  return only.code;
}

/** The public names with their comments; what the files import from each other is in the same file. */
function declarations(): string {
  const texts = TYPED.map((file) => {
    const { outputText } = ts.transpileDeclaration(readFileSync(folder + file, 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      fileName: file,
    });
    return outputText
      .replace(/^(?:import|export) [^;]*from '\.[^;]*;\n/gm, '')
      .replace(/^import '\.[^;]*;\n|^export \{\};\n/gm, '');
  });
  return `// Types of iommu-playground.js\n${texts.join('')}`;
}
