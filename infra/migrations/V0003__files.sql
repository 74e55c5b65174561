-- Uploads, the blobs they become, and the files that people see.
-- Lock order everywhere: the room's row, then the company's row, then anything below.

create table blobs (
    company_id    uuid not null references companies (id),
    id            uuid primary key,
    key           text not null unique,
    size          bigint not null check (size >= 0),
    -- S3's composite SHA-256 and the size, which gives the plan; none when the client brought no checksums.
    identity      text,
    crc64         text,
    -- What the first bytes say it is, and the blocked kind when it is one; set when it was inspected.
    detected_type text,
    blocked_as    text,
    refs          integer not null default 0 check (refs >= 0),
    created_at    timestamptz not null,
    unique (company_id, id)
);
create unique index blobs_identity_key on blobs (company_id, identity) where identity is not null;

create table files (
    company_id   uuid not null,
    id           uuid primary key,
    room_id      uuid not null,
    blob_id      uuid not null,
    uploader_id  uuid not null,
    upload_id    uuid not null,
    name         text not null,
    content_type text not null,
    size         bigint not null check (size >= 0),
    status       text not null default 'available' check (status in ('available', 'quarantined', 'deleted')),
    version      integer not null default 1,
    seq          bigint not null,
    created_at   timestamptz not null,
    deleted_at   timestamptz,
    unique (company_id, id),
    -- However often an upload is completed, it becomes one file.
    constraint files_upload_key unique (upload_id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, blob_id) references blobs (company_id, id),
    foreign key (company_id, uploader_id) references users (company_id, id)
);
-- Ids grow with time: newest first is by id.
create index files_by_room on files (room_id, id desc) where status <> 'deleted';
create index files_by_blob on files (blob_id);

create table uploads (
    company_id       uuid not null,
    id               uuid primary key,
    room_id          uuid not null,
    uploader_id      uuid not null,
    state            text not null check (state in ('pending', 'in_progress', 'completing', 'completed', 'failed', 'cancelled', 'expired')),
    name             text not null,
    content_type     text not null,
    size             bigint not null check (size >= 0),
    checksum         text not null check (checksum in ('sha256', 'none')),
    part_size        bigint not null,
    part_count       integer not null,
    -- The blob that its content will become, under `key` in the bucket.
    blob_id          uuid not null,
    key              text not null unique,
    s3_upload_id     text,
    -- The composite checksum over the parts as they were when S3 was asked to join them.
    expected         text,
    -- What is still held of the company's quota for this upload; 0 once it ended.
    reserved         bigint not null check (reserved >= 0),
    file_id          uuid,
    failure          text,
    -- What inspection found, when it came before the file.
    detected_type    text,
    blocked_as       text,
    created_at       timestamptz not null,
    last_activity_at timestamptz not null,
    expires_at       timestamptz not null,
    ended_at         timestamptz,
    -- When S3 was rid of what the upload left there.
    swept_at         timestamptz,
    unique (company_id, id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, uploader_id) references users (company_id, id),
    foreign key (company_id, file_id) references files (company_id, id)
);
create index uploads_of_person on uploads (uploader_id, id desc);
create index uploads_of_room on uploads (room_id, id desc);
create index uploads_sending on uploads (uploader_id) where state in ('pending', 'in_progress');
create index uploads_open on uploads (expires_at) where state in ('pending', 'in_progress', 'completing');
create index uploads_completing on uploads (last_activity_at) where state = 'completing';
create index uploads_unswept on uploads (ended_at) where ended_at is not null and swept_at is null;

-- The purge walks the log by time.
create index room_events_by_time on room_events using brin (at);
