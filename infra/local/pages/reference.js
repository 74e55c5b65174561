// The contract of the running system, readable: every route with its parameters, body and answers.

const $ = (id) => document.getElementById(id);
const line = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
const stack = await (await fetch('/stack.json')).json();
const source = `${stack.rest}/v1/openapi.json`;
$('source').href = source;

const contract = await (await fetch(source)).json();
const named = (schema) => schema?.$ref?.split('/').pop();
const resolve = (schema) => (schema?.$ref ? contract.components.schemas[named(schema)] : schema);

// A schema as an example of itself; types stand for values.
function shape(schema, depth = 0) {
  const known = resolve(schema) ?? {};
  if (depth > 6) return '…';
  if (known.allOf) return Object.assign({}, ...known.allOf.map((part) => shape(part, depth + 1)));
  const choice = (known.oneOf ?? known.anyOf)?.find((part) => part.type !== 'null');
  if (choice) return shape(choice, depth + 1);
  if (known.enum) return known.enum.join(' | ');
  const type = [known.type].flat().filter((name) => name !== 'null')[0];
  if (type === 'array') return [shape(known.items, depth + 1)];
  if (!known.properties) return known.format ? `${type} (${known.format})` : type ?? 'anything';
  return Object.fromEntries(Object.entries(known.properties).map(([name, part]) => [name, shape(part, depth + 1)]));
}

function body(content) {
  const schema = Object.values(content ?? {})[0]?.schema;
  return schema ? line('pre', JSON.stringify(shape(schema), null, 2)) : '';
}

function route(method, path, operation) {
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.append(line('code', `${method.toUpperCase()} ${path}`), ` ${operation.summary ?? ''}`);
  details.append(summary, line('p', operation.description ?? ''));
  for (const parameter of operation.parameters ?? []) {
    const text = `${parameter.in} ${parameter.name}${parameter.required ? '' : ' (optional)'}: ${parameter.description ?? ''}`;
    details.append(line('p', text));
  }
  if (operation.requestBody) details.append(line('h2', 'Body'), body(operation.requestBody.content));
  for (const [status, answer] of Object.entries(operation.responses ?? {})) {
    details.append(line('h2', `${status} ${answer.description ?? ''}`), status < '300' ? body(answer.content) : '');
  }
  details.dataset.words = `${method} ${path} ${operation.summary ?? ''} ${operation.description ?? ''}`.toLowerCase();
  return details;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
for (const [path, item] of Object.entries(contract.paths).sort()) {
  for (const method of METHODS) if (item[method]) $('routes').append(route(method, path, item[method]));
}
$('filter').oninput = ({ target }) => {
  for (const details of $('routes').children) details.hidden = !details.dataset.words.includes(target.value.toLowerCase());
};
