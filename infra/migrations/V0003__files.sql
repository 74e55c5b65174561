-- Uploads, the blobs they become, and the files that people see.

create table blobs (
    company_id uuid not null references companies (id),
    id         uuid primary key,
    key        text not null unique,
    size       bigint not null check (size >= 0),
    -- S3's composite SHA-256 with the plan that it belongs to; none when the client brought no checksums.
    identity   text,
    crc64      text,
    refs       integer not null default 0 check (refs >= 0),
    created_at timestamptz not null,
    unique (company_id, id)
);
create unique index blobs_identity_key on blobs (company_id, identity) where identity is not null;

create table files (
    company_id   uuid not null,
    id           uuid primary key,
    room_id      uuid not null,
    blob_id      uuid not null,
    uploader_id  uuid not null,
    name         text not null,
    content_type text not null,
    size         bigint not null check (size >= 0),
    status       text not null default 'available' check (status in ('available', 'quarantined', 'deleted')),
    version      integer not null default 1,
    seq          bigint not null,
    created_at   timestamptz not null,
    deleted_at   timestamptz,
    unique (company_id, id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, blob_id) references blobs (company_id, id),
    foreign key (company_id, uploader_id) references users (company_id, id)
);
create index files_by_room on files (room_id, created_at desc, id desc) where status <> 'deleted';

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
    key              text not null unique,
    s3_upload_id     text,
    -- What is still held of the company's quota for this upload; 0 once it ended.
    reserved         bigint not null check (reserved >= 0),
    file_id          uuid,
    failure          text,
    created_at       timestamptz not null,
    last_activity_at timestamptz not null,
    expires_at       timestamptz not null,
    ended_at         timestamptz,
    unique (company_id, id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, uploader_id) references users (company_id, id),
    foreign key (company_id, file_id) references files (company_id, id)
);
create index uploads_of_person on uploads (uploader_id, created_at desc) ;
create index uploads_open on uploads (expires_at) where state in ('pending', 'in_progress', 'completing');
create index uploads_of_room on uploads (room_id, created_at desc);
