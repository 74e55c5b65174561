-- What is made of content after it is there: a preview, and what a malware scan said about it.

-- As with inspection: on the upload for a completion that is still to come, on the blob for the files that it has.
alter table uploads
    add column preview       jsonb,
    -- How often somebody began to make the preview, and when last.
    add column preview_tries integer not null default 0,
    add column preview_tried_at timestamptz,
    add column scan_status   text,
    add column scanned_at    timestamptz;
alter table blobs
    -- As clients see it; none while it is still to be made.
    add column preview     jsonb,
    add column scan_status text not null default 'not_scanned',
    -- When the scan was done that says so: an older one changes nothing.
    add column scanned_at  timestamptz;
-- Rows that are there hold the default: no need to read them all under the lock.
alter table blobs add constraint blobs_scan_status_known
    check (scan_status in ('not_scanned', 'clean', 'infected', 'too_large')) not valid;
-- What the reaper asks for again.
create index blobs_without_preview on blobs (created_at) where preview is null;

-- Content takes over what was found out before it was there, whichever way it comes to be.
create function blobs_take_over_1() returns trigger language plpgsql as $$
begin
    select up.preview, coalesce(up.scan_status, 'not_scanned'), up.scanned_at
    into new.preview, new.scan_status, new.scanned_at
    from uploads up where up.company_id = new.company_id and up.key = new.key;
    new.scan_status := coalesce(new.scan_status, 'not_scanned');
    return new;
end
$$;
create trigger blobs_take_over before insert on blobs for each row execute function blobs_take_over_1();

-- What a file's room was told of its content, so that it is told once.
create table file_news (
    company_id uuid not null,
    file_id    uuid not null,
    blob_id    uuid not null,
    what       text not null check (what in ('preview', 'scan')),
    value      text not null,
    primary key (file_id, blob_id, what),
    foreign key (company_id, file_id) references files (company_id, id) on delete cascade
);
