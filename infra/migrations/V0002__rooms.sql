-- Rooms, who is in them, and each room's log.

create table rooms (
    company_id       uuid not null references companies (id),
    id               uuid primary key,
    type             text not null check (type in ('public', 'private', 'direct')),
    status           text not null default 'active' check (status in ('active', 'archived', 'deleted')),
    name             text not null default '',
    -- The name as it is compared: NFC, lower case.
    name_key         text not null default '',
    description      text not null default '',
    created_by       uuid not null,
    member_limit     integer not null check (member_limit between 2 and 100000),
    member_count     integer not null default 0 check (member_count >= 0),
    -- Text messages ever sent; the last one's ordinal.
    message_count    bigint not null default 0,
    -- Number of the last event of the room's log; the row's lock orders its writers.
    last_seq         bigint not null default 0,
    last_activity_at timestamptz not null,
    settings         jsonb not null default '{}',
    version          bigint not null default 1,
    created_at       timestamptz not null,
    archived_at      timestamptz,
    deleted_at       timestamptz,
    unique (company_id, id),
    constraint rooms_member_limit_holds check (member_count <= member_limit),
    foreign key (company_id, created_by) references users (company_id, id)
);
create unique index rooms_name_key on rooms (company_id, name_key) where status <> 'deleted' and type <> 'direct';
-- Where people find rooms that they could join.
create index rooms_joinable on rooms (company_id, last_activity_at desc, id desc) where type = 'public' and status = 'active';

create table room_members (
    company_id    uuid not null,
    room_id       uuid not null,
    user_id       uuid not null,
    role          text not null check (role in ('creator', 'admin', 'moderator', 'member')),
    access        text not null default 'full' check (access in ('full', 'read_only')),
    -- Highest seq this person has read: joining and sending read everything so far. read_count is what
    -- rooms.message_count was there, so that unread = message_count - read_count, without counting rows.
    read_seq      bigint not null default 0,
    read_count    bigint not null default 0,
    last_sent_at  timestamptz,
    joined_at     timestamptz not null,
    primary key (room_id, user_id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, user_id) references users (company_id, id)
);
create index room_members_by_user on room_members (user_id, room_id);

create table room_events (
    company_id uuid not null,
    room_id    uuid not null,
    seq        bigint not null,
    type       text not null,
    actor_id   uuid,
    payload    jsonb not null,
    at         timestamptz not null,
    -- Who wrote it: a sync cursor is a snapshot, and what that does not show is news.
    tx         xid8 not null default pg_current_xact_id(),
    primary key (room_id, seq),
    foreign key (company_id, room_id) references rooms (company_id, id)
);

create table messages (
    company_id uuid not null,
    id         uuid primary key,
    room_id    uuid not null,
    -- The number of the event that created it: order and page position.
    seq        bigint not null,
    author_id  uuid,
    client_id  text,
    -- How many text messages the room had up to here, this one included (a system message counts none):
    -- rooms.message_count after the insert. A marker finds its read_count by it, in one row.
    ordinal    bigint not null,
    -- What was sent under client_id, hashed: tells a retry from a reuse, even after an edit.
    fingerprint bytea,
    -- 'system' messages tell of joins, leaves, archives; 'text' is what people write.
    kind       text not null default 'text' check (kind in ('text', 'system')),
    content    text not null,
    reply_to   uuid,
    metadata   jsonb,
    created_at timestamptz not null,
    edited_at  timestamptz,
    deleted_at timestamptz,
    unique (company_id, id),
    unique (room_id, seq),
    constraint messages_client_id_key unique (room_id, author_id, client_id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, author_id) references users (company_id, id),
    foreign key (company_id, reply_to) references messages (company_id, id)
);
