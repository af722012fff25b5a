'use strict';
const at = (id) => document.getElementById(id);

// Text only ever becomes text.
function put(parent, tag, text, kind) {
  const made = parent.appendChild(document.createElement(tag));
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function table(parent, rooms) {
  const drawn = put(parent, 'table', '');
  const head = put(drawn, 'tr', '');
  put(head, 'th', '');
  for (const night of rooms[0].nights) put(head, 'th', night.date.slice(5));
  for (const room of rooms) {
    const row = put(drawn, 'tr', '');
    put(row, 'th', room.title);
    for (const night of room.nights) {
      const text = night.innkeep + ' / ' + (night.channel === null ? '?' : night.channel);
      const kind = night.equal ? (night.innkeep === 0 ? 'no' : '') : 'differs';
      put(row, 'td', text, kind).title = night.date + ': ' + night.state;
    }
  }
}

function draw(parent, seen) {
  if (seen.innkeeps.length === 0) put(parent, 'p', 'Not told yet where Innkeep is.');
  for (const innkeep of seen.innkeeps) {
    if (innkeep.error) put(parent, 'p', innkeep.url + ': ' + innkeep.error, 'bad');
    for (const one of innkeep.connections) {
      const verdict = one.different === 0 ? 'equal' : one.different + ' nights differ';
      put(parent, 'h3', one.name + ' (' + one.protocol + '): ' + verdict, one.different ? 'bad' : '');
      if (one.rooms.length > 0) table(parent, one.rooms);
    }
  }
}

async function look() {
  const fresh = document.createElement('div');
  try {
    draw(fresh, await (await fetch('/sandbox/beside')).json());
    // Escaped where it is written.
    at('believed').innerHTML = await (await fetch('/sandbox/believed')).text();
  } catch (error) {
    put(fresh, 'p', 'The sandbox does not answer.', 'bad');
  }
  at('beside').replaceChildren(fresh);
  setTimeout(look, 1000);
}

at('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const told = Object.fromEntries(new FormData(event.target));
  const answer = await fetch('/sandbox/beside/innkeep', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(told),
  });
  at('said').textContent = answer.ok ? '' : (await answer.json()).reasons.join('; ');
  if (answer.ok) event.target.elements.api_key.value = '';
});

look();
