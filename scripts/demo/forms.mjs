/** Reads the form around a button out of a page: where it goes and what it would send unchanged. */
export function findForm(html, button) {
  for (const [, attributes, content] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const pressed = [...content.matchAll(/<button([^>]*)>([\s\S]*?)<\/button>/g)].find(
      ([, , text]) => text.trim() === button,
    );
    if (!pressed) continue;
    const { fields, options } = readFields(content);
    const name = attribute(pressed[1], 'name');
    if (name) fields[name] = attribute(pressed[1], 'value');
    const method = attribute(attributes, 'method') || 'get';
    return { action: attribute(attributes, 'action'), method: method.toLowerCase(), fields, options };
  }
  return undefined;
}

function readFields(content) {
  const fields = {};
  const options = {};
  for (const [input] of content.matchAll(/<input[^>]*>/g)) {
    const unchosen = /\stype="(radio|checkbox)"/.test(input) && !/\schecked/.test(input);
    const name = attribute(input, 'name');
    if (name && !unchosen) fields[name] = attribute(input, 'value');
  }
  for (const [, select, inside] of content.matchAll(/<select([^>]*)>([\s\S]*?)<\/select>/g)) {
    const name = attribute(select, 'name');
    options[name] = [...inside.matchAll(/<option([^>]*)>([\s\S]*?)<\/option>/g)].map(([, tag, text]) => ({
      value: attribute(tag, 'value'),
      text: text.trim(),
      selected: /\sselected/.test(tag),
    }));
    const chosen = options[name].find(({ selected }) => selected) ?? options[name][0];
    if (chosen) fields[name] = chosen.value;
  }
  return { fields, options };
}

function attribute(tag, name) {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
