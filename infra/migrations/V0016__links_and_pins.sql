-- Links that share a file with anyone who has them, and the files that a room has pinned.

create table file_links (
    company_id    uuid not null,
    id            uuid primary key,
    file_id       uuid not null,
    created_by    uuid not null,
    -- SHA-256 of the token: who reads this table cannot use a link.
    token_hash    bytea not null unique,
    expires_at    timestamptz,
    max_downloads integer check (max_downloads > 0),
    downloads     integer not null default 0,
    last_used_at  timestamptz,
    created_at    timestamptz not null,
    revoked_at    timestamptz,
    revoked_by    uuid,
    constraint file_links_limit_holds check (max_downloads is null or downloads <= max_downloads),
    foreign key (company_id, file_id) references files (company_id, id) on delete cascade,
    foreign key (company_id, created_by) references users (company_id, id),
    foreign key (company_id, revoked_by) references users (company_id, id)
);
create index file_links_of_file on file_links (file_id, id desc);

create table file_pins (
    company_id uuid not null,
    room_id    uuid not null,
    file_id    uuid not null,
    pinned_by  uuid not null,
    pinned_at  timestamptz not null,
    primary key (room_id, file_id),
    foreign key (company_id, file_id) references files (company_id, id) on delete cascade,
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, pinned_by) references users (company_id, id)
);
create index file_pins_of_file on file_pins (file_id);
