-- Companies, the people in them, their sessions, and what they did.
-- Every table carries company_id and every reference is composite with it: a row of one company cannot name a row of another.

create table companies (
    id               uuid primary key,
    name             text not null,
    plan             text not null default 'free' check (plan in ('free', 'pro', 'enterprise')),
    settings         jsonb not null default '{}',
    -- Bytes of finished files, and bytes promised to uploads that are still going on.
    storage_used     bigint not null default 0 check (storage_used >= 0),
    storage_reserved bigint not null default 0 check (storage_reserved >= 0),
    created_at       timestamptz not null,
    deleted_at       timestamptz
);

create table users (
    company_id        uuid not null references companies (id),
    id                uuid primary key,
    email             text not null,
    full_name         text not null,
    handle            text not null,
    role              text not null check (role in ('owner', 'admin', 'member', 'guest')),
    status            text not null default 'active' check (status in ('active', 'suspended', 'removed')),
    password_hash     text not null,
    language          text not null default 'en',
    last_sign_in_at   timestamptz,
    email_verified_at timestamptz,
    -- Last number given out in user_events.
    last_seq          bigint not null default 0,
    created_at        timestamptz not null,
    unique (company_id, id)
);
-- A removed person's address may be used again.
create unique index users_email_key on users (lower(email)) where status <> 'removed';
create unique index users_handle_key on users (company_id, lower(handle)) where status <> 'removed';

create table sessions (
    company_id   uuid not null,
    id           uuid primary key,
    user_id      uuid not null,
    user_agent   text not null default '',
    address      text not null default '',
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    unique (company_id, id),
    foreign key (company_id, user_id) references users (company_id, id)
);
-- Ids grow with time: newest first is by id.
create index sessions_by_user on sessions (user_id, id desc);
create index sessions_by_end on sessions (least(expires_at, revoked_at));

-- A session is a family of refresh tokens: one is current, a used one that comes back revokes the family.
create table refresh_tokens (
    company_id  uuid not null,
    session_id  uuid not null,
    hash        bytea primary key,
    issued_at   timestamptz not null,
    used_at     timestamptz,
    -- What its one use gave out, so that a retry after a lost answer gets the same: the next token is made from
    -- this seed, this token and the client's own id, of which only hashes are here.
    next_hash   bytea,
    next_seed   bytea,
    client_hash bytea,
    foreign key (company_id, session_id) references sessions (company_id, id) on delete cascade
);
create index refresh_tokens_by_session on refresh_tokens (session_id);
create index refresh_tokens_used on refresh_tokens (used_at) where used_at is not null;

-- Failed sign-ins in a row, by hashed address, whether or not anyone has that address: an unknown one locks just
-- like a known one. It belongs to no company because an unknown address belongs to none.
create table sign_in_failures (
    email_hash   bytea primary key,
    failures     integer not null,
    last_at      timestamptz not null,
    locked_until timestamptz
);
create index sign_in_failures_by_time on sign_in_failures (last_at);

-- Public halves only; the private ones live in the secret.
create table signing_keys (
    kid        text primary key,
    public_key bytea not null,
    created_at timestamptz not null,
    retires_at timestamptz
);

create table audit_log (
    company_id  uuid not null references companies (id),
    id          uuid primary key,
    at          timestamptz not null,
    actor_id    uuid,
    action      text not null,
    target_type text not null,
    target_id   uuid,
    address     text not null default '',
    request_id  text not null default '',
    detail      jsonb not null default '{}'
);
create index audit_log_by_time on audit_log (company_id, at desc, id desc);

-- What happened to one person, in order: the same kind of log that rooms have.
create table user_events (
    company_id uuid not null,
    user_id    uuid not null,
    seq        bigint not null,
    type       text not null,
    payload    jsonb not null,
    at         timestamptz not null,
    tx         xid8 not null default pg_current_xact_id(),
    primary key (user_id, seq),
    foreign key (company_id, user_id) references users (company_id, id)
);
