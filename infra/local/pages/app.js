// The page: two lists of rooms, one open room, one upload at a time.

import { Api, Live } from '/api.js';
import { RoomLog } from '/room-log.js';
import { upload } from '/upload.js';

const $ = (id) => document.getElementById(id);
const stack = await (await fetch('/stack.json')).json();
let api, live, open = null;

const line = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });
const say = (text) => { $('status').textContent = text; };
const attempt = (work) => async (event) => {
  event?.preventDefault?.();
  try { await work(event); } catch (error) { say(error.message); }
};

for (const person of stack.people) {
  const button = line('button', `Be ${person.full_name}`);
  button.onclick = attempt(() => enter(person));
  $('people').append(button, ' ');
}

async function enter(person) {
  api = await Api.signIn(stack, person);
  $('sign-in').hidden = true;
  $('hall').hidden = false;
  live = new Live(api, {
    onEvent: heard,
    onReady: catchUp,
    onFrame: frame,
    onState: (state) => say(`${api.me.full_name}, ${state}`),
  });
  await rooms();
}

function frame(direction, content) {
  $('frames').prepend(line('li', `${direction} ${JSON.stringify(content)}`));
  while ($('frames').children.length > 100) $('frames').lastChild.remove();
}

async function rooms() {
  const [mine, joinable] = await Promise.all([api.get('/v1/chatrooms'), api.get('/v1/chatrooms?scope=joinable')]);
  const item = (room, act) => {
    const unread = room.my?.unread_count ? ` (${room.my.unread_count})` : '';
    const li = line('li', `${room.name || 'direct'}${room.id === open?.id ? '' : unread}`);
    li.classList.toggle('chosen', room.id === open?.id);
    li.onclick = attempt(act);
    return li;
  };
  $('mine').replaceChildren(...mine.items.map((room) => item(room, () => show(room.id))));
  $('joinable').replaceChildren(...joinable.items.map((room) => item(room, async () => {
    await api.post(`/v1/chatrooms/${room.id}/join`);
    await show(room.id);
  })));
}

$('new-room').onsubmit = attempt(async ({ target }) => {
  const room = await api.post('/v1/chatrooms', { name: target.name.value, type: 'public' });
  target.reset();
  await show(room.id);
});

// Snapshot first, events after: what came meanwhile is applied by number.
async function show(id) {
  const room = await api.get(`/v1/chatrooms/${id}`);
  const log = new RoomLog(room.last_seq, apply, (seq) => attempt(() => fetchAfter(seq))());
  open = { id, room, log, people: new Map() };
  const [members, page, files] = await Promise.all([
    api.get(`/v1/chatrooms/${id}/members`),
    api.get(`/v1/chatrooms/${id}/messages?limit=100`),
    api.get(`/v1/files?room_id=${id}&limit=100`),
  ]);
  for (const member of members.items) open.people.set(member.user_id, member.full_name);
  $('room').hidden = false;
  $('room-name').textContent = room.name || 'direct';
  $('messages').replaceChildren();
  const known = page.items.filter((message) => message.seq <= room.last_seq);
  [...known, ...files.items]
    .sort((a, b) => a.created_at.localeCompare(b.created_at) || a.seq - b.seq)
    .forEach((item) => ('size' in item ? file(item) : message(item)));
  await read();
  await rooms();
}

// I have seen what is there; one write, however many messages came.
async function read() {
  clearTimeout(open.reading);
  open.reading = null;
  await api.call('PUT', `/v1/chatrooms/${open.id}/read`, { seq: open.log.seq });
}

async function fetchAfter(seq) {
  const { events, reset } = await api.get(`/v1/chatrooms/${open.id}/events?after=${seq}`);
  if (reset) return show(open.id);
  events.forEach((event) => open.log.take(event));
}

// After every greeting: was anything missed while the socket was away?
async function catchUp({ rooms: heads }) {
  const head = open && heads.find((room) => room.id === open.id);
  if (head && head.seq > open.log.seq) await fetchAfter(open.log.seq);
}

function heard(event) {
  if (event.type === 'upload.progress') return progress(event);
  if (event.room_id !== open?.id) return event.seq && attempt(rooms)();
  if (event.type.startsWith('typing.')) return typing(event);
  if (event.truncated) return attempt(() => fetchAfter(open.log.seq))();
  open.log.take(event);
}

// The reducer of this page: it only shows messages and files.
function apply({ type, data, at, actor }) {
  if (type === 'message.created') message(data);
  else if (type === 'file.created') file(data);
  else if (data?.message) message(data.message);
  open.reading ??= setTimeout(attempt(read), 1000);
  for (const member of data?.members ?? []) open.people.set(member.user_id, member.full_name);
}

function message({ seq, author, kind, content, created_at }) {
  const name = author?.full_name ?? open.people.get(author?.id ?? author) ?? '';
  const li = line('li', '', { className: kind === 'system' ? 'system' : '' });
  li.append(line('small', `${seq} ${new Date(created_at).toLocaleTimeString()}`), line('b', name ? `${name}: ` : ''), content ?? '');
  bottom(li);
}

function file({ id, name, size }) {
  // The list of files may be newer than the log.
  if ($(`file-${id}`)) return;
  const li = line('li', '📎 ', { id: `file-${id}` });
  const link = line('a', `${name} (${size.toLocaleString()} bytes)`, { href: '#' });
  link.onclick = attempt(async () => { location.href = (await api.get(`/v1/files/${id}/download`)).url; });
  li.append(link);
  bottom(li);
}

function bottom(li) {
  $('messages').append(li);
  li.scrollIntoView({ block: 'end' });
}

$('say').onsubmit = attempt(async ({ target }) => {
  const content = target.content.value;
  target.reset();
  const body = { content, client_id: crypto.randomUUID() };
  // The same call either way; a retry with the same client_id would say it only once.
  if (live.open) await live.ask('message.send', { room_id: open.id, ...body });
  else await api.post(`/v1/chatrooms/${open.id}/messages`, body);
});

let typed = 0;
$('say').oninput = () => {
  if (!live.open || Date.now() - typed < 3000) return;
  typed = Date.now();
  live.ask('typing.start', { room_id: open.id }).catch(() => {});
};

let silence;
function typing({ type, actor }) {
  if (actor === api.me.id) return;
  clearTimeout(silence);
  $('typing').textContent = type === 'typing.stop' ? '' : `${open.people.get(actor) ?? 'somebody'} is typing`;
  silence = setTimeout(() => { $('typing').textContent = ''; }, 5000);
}

$('file').onchange = attempt(async ({ target }) => {
  const [chosen] = target.files;
  target.value = '';
  if (chosen) await upload(api, open.id, chosen, (bytes) => say(`${chosen.name}: ${bytes.toLocaleString()} of ${chosen.size.toLocaleString()}`));
});

function progress({ data: { upload_id, name, state, percent, bytes_per_s } }) {
  const id = `upload-${upload_id}`;
  const row = $(id) ?? $('uploads').appendChild(line('li', '', { id }));
  if (state !== 'in_progress') return row.remove();
  const bar = Object.assign(document.createElement('progress'), { max: 100, value: percent });
  row.replaceChildren(`${name} `, bar, ` ${percent} %, ${(bytes_per_s / 2 ** 20).toFixed(1)} MiB/s`);
}
